"""Load tests: one file per kind of person, one for load shapes; run with Locust."""
