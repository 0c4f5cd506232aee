"""Example bodies of people in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ME: Json = {
    "id": "usr_01k3v8j3n5p7q9r1s3t5v7w9x1",
    "email": "jo.marsh@acme.example",
    "name": "Jo Marsh",
    "company": {"id": "cmp_01k3v8h2m4n6p8q0r2s4t6v8w0", "name": "Acme Manufacturing"},
    "roles": ["buyer"],
    "permissions": ["cart:write", "orders:read", "orders:write", "products:read"],
    "acting": None,
}
