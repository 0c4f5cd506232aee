"""Payments: authorises, captures, refunds and voids through a card processor, each exactly once."""
