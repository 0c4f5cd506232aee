"""The cart of a user in a company."""
