"""The kernel every service and portal stands on; it knows none of them."""
