"""All events between services, a module per publisher; amounts are in minor units of `currency`."""
