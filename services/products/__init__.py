"""The products service: catalog, prices, stock and reservations."""
