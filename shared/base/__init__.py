"""Plain building blocks: time, ids, money, errors, deadlines, settings, limits, the workloads."""
