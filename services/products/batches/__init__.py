"""A batch of rows of a product file: what it changes, and the writes that do so."""
