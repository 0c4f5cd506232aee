"""HTTP side of a service: factory, tokens, permissions, schemas, problems, idempotency, health, gunicorn."""
