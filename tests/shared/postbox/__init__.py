"""A service of two files, run as a real worker process by the fault tests."""
