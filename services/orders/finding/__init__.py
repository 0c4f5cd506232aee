"""Finding orders: by filters, by a text, and by what was changed since."""
