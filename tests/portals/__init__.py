"""Tests of the portals, against a gateway in memory and a real Redis."""
