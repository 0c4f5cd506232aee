"""The payment of an order: its record, its table of states, and reading it."""
