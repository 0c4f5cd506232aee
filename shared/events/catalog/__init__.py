"""Every event that crosses a service's border, a module per publisher; amounts are minor units beside `currency`."""
