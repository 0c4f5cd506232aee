"""Catalog: the products, their fields and their price breaks."""
