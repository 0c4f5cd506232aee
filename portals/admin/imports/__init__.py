"""Product imports."""
