"""Linters of the OpenAPI document, and clients generated from it that trade with the running platform."""
