"""Inventory: the units on hand of a product, read and set over HTTP."""
