"""Invitations of staff and buyers."""
