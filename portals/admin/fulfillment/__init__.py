"""Shipping, returns and refunds of an order."""
