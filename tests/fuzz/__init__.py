"""Requests made from the OpenAPI document, by Schemathesis, against the running platform."""
