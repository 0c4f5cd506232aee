"""Notifications: tells people by e-mail what happened to their orders, each thing once."""
