"""Shipments and returns of confirmed orders, and what was captured and refunded of them."""
