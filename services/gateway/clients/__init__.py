"""What the gateway calls: the upstream services over HTTP, and Redis for the counters of its rate limits."""
