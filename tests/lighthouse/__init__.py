"""Lighthouse on pages of both portals."""
