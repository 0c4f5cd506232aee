"""Invitations to the merchant's staff or to a company."""
