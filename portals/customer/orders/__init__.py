"""Orders of the company."""
