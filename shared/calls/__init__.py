"""Calls to other services: client, connections, retries, breaker, identity."""
