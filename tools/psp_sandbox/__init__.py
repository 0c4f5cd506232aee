"""The card processor's double: a hosted card page, a keyed REST API, signed webhooks and faults on demand."""
