"""Example bodies of invitations in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

NEW: Json = {
    "email": "jo.marsh@acme.example",
    "name": "Jo Marsh",
    "company_id": "cmp_01k3v8h2m4n6p8q0r2s4t6v8w0",
    "roles": ["buyer"],
}
INVITATION: Json = NEW | {
    "id": "usr_01k3v8j3n5p7q9r1s3t5v7w9x1",
    "expires_at": "2026-12-01T09:00:00.000Z",
    "is_expired": False,
}
TOKEN = "3kP9sW2xQ7vB5nM1cZ8dF4gH6jL0tRy_Aa8KeUiOp4S"
ISSUED: Json = INVITATION | {"token": TOKEN}
PAGE: Json = example_page(INVITATION, is_of_changes=False)
LOOKUP: Json = {"token": TOKEN}
ACCEPTANCE: Json = {"token": TOKEN, "name": "Jo Marsh", "password": "seven brass kettles"}
