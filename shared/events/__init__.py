"""Delivery and background work: catalog, outbox, brokers, inbox, workers, jobs."""
