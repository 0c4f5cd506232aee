"""The cart and quick order."""
