"""Orders of every company: the list, one order, cancelling it."""
