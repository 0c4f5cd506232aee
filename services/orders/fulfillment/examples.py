"""Example bodies of shipments and returns in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SHIPMENT: Json = {"reference": "DN-1001", "line_items": [{"line_id": "1", "quantity": 300}]}
RETURN: Json = {
    "reference": "RMA-17",
    "returned_on": "2026-12-01",
    "line_items": [{"line_id": "1", "quantity": 100, "refund_amount": {"amount": 2100, "currency": "GBP"}}],
}
SETTLEMENT: Json = {"note": "Refunded by bank transfer on 2 December."}
REMAINDER: Json = {"reason": "No longer needed"}
