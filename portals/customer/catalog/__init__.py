"""The catalog: search and product pages."""
