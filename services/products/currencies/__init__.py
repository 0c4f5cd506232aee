"""The currencies that the installation sells in."""
