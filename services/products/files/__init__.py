"""Product files as tables: rows of cells, whatever is wrong with their quotes."""
