"""Decisions on plain values: prices, shares, what may be shipped or returned, what an order shows."""
