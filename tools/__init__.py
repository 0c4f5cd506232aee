"""Programs that run or check the platform from outside: they may import everything, and are imported by nothing."""
