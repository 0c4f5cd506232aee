"""Example bodies of placing an order in the API's document."""

from __future__ import annotations

from typing import Any

PLACE_ORDER: dict[str, Any] = {
    "line_items": [{"sku": "BOLT-M8", "quantity": 400}],
    "po_number": "PO-7",
    "reference": "ERP-4711",
    "expected_total": {"amount": 8400, "currency": "GBP"},
    "payment": {"method": "card", "token": "tok_ok"},
}
