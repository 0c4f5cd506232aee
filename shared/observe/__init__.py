"""What is seen from outside: logs, metrics, traces, and what is kept out of them."""
