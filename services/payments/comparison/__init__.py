"""Comparing payments with orders and with the card processor, to find an older copy of a database."""
