"""Prices: what a quantity of each SKU costs, for other services."""
