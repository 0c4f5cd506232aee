"""Reservations: stock held for an order, all of its SKUs or none."""
