"""Example bodies of notifications in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

NOTIFICATION: Json = {
    "id": "ntf_01k3v8n5r7t9v1x3z5b7d9f1h3",
    "kind": "order_confirmed",
    "subject": "Confirmed: order SO-000123",
    "recipient": "jo.marsh@acme.example",
    "status": "sent",
    "order_id": "ord_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "created_at": "2026-11-28T09:30:01.300Z",
    "sent_at": "2026-11-28T09:30:01.900Z",
}
PAGE: Json = example_page(NOTIFICATION, is_of_changes=False)
