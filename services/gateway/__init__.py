"""The gateway: the one public door of the API, driven by one policy table."""
