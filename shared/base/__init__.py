"""Building blocks: time, ids, money, errors, deadlines, settings, limits, AWS clients, the table of workloads."""
