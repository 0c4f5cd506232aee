"""Buying companies."""
