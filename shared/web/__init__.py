"""A service over HTTP: factory, tokens, permissions, schemas, problems, idempotency, health, gunicorn."""
