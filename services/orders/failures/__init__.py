"""Refused captures and refunds: what is kept and shown of them."""
