"""The demo's logins, as printed by `make up`."""

from __future__ import annotations

ADMIN = "admin@tradepost.example"
REP = "rep@tradepost.example"
BUYER = "buyer@acme.example"
APPROVER = "approver@acme.example"
PASSWORD = "tradepost-demo"  # noqa: S105 - public on purpose; the users service refuses it outside demo mode
