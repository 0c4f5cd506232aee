"""Carts and orders: from pricing to shipment, return and cancellation."""
