"""The account and its notifications."""
