"""Replay of a wholesaler's trade file against the running platform, over REST alone."""
