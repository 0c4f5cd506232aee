"""The demo's data: a catalog and two days of trade taken from a real wholesaler's file."""
