"""Comparing orders with products and payments, to find an older copy of a database."""
