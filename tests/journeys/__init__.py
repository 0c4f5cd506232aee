"""Whole ways through the running platform, in a real browser."""
