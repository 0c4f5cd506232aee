"""`make up`: one supervisor that imports the libraries once, forks every workload and restarts what dies."""
