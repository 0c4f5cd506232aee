"""Observability: logs, metrics, traces, and redaction of secrets."""
