"""A row of a product file as values of a product, or everything that is wrong with it."""
