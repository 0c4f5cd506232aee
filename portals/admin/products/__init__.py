"""Products: the list, one product with its prices and stock, a new product."""
