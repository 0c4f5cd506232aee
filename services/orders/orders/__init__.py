"""The order: its record, its table of states, its sums; showing, listing and cancelling it."""
