"""Search: finds products for sale in an index that is updated by events and can be rebuilt from the catalog."""
