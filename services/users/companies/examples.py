"""Example bodies of companies in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

COMPANY_ID = "cmp_01k3v8h2m4n6p8q0r2s4t6v8w0"
NEW: Json = {"name": "Acme Manufacturing", "reference": "C-1042"}
COMPANY: Json = {
    "id": COMPANY_ID,
    "name": "Acme Manufacturing",
    "reference": "C-1042",
    "created_at": "2026-11-02T08:15:00.000Z",
    "updated_at": "2026-11-28T09:30:00.000Z",
}
PAGE: Json = example_page(COMPANY)
