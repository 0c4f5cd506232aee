"""Whom the gateway asks: the upstream services over HTTP, and Redis for the counters of its rate limits."""
