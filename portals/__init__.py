"""The two portals; both speak to the gateway only."""
