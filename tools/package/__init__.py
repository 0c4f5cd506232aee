"""Packages copilot/ with the real Copilot binary, offline, and refuses what AWS would refuse or silently ignore."""
