"""What must be there before the services of an installation on AWS start: once per release, safe to repeat."""
