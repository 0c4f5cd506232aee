"""Imports: CSV files of products, read by a job that can be resumed."""
