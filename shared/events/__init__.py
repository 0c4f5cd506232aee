"""Event delivery and background work: catalog, outbox, brokers, inbox, workers, jobs, sweeps."""
