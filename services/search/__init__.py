"""Search: finds products for sale in an index that follows the catalog and can be built again from it."""
