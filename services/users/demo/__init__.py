"""The demo's companies and people."""
