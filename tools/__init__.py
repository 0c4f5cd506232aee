"""What runs or checks the platform from outside; it may import everything, nobody imports it."""
