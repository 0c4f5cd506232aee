"""Notifications: mails people what happened to their orders, once per event."""
