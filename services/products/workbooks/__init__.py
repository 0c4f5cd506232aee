"""Workbooks of spreadsheets (XLSX) as rows of text cells."""
