"""Example bodies of payments in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

AUTHORIZATION: Json = {
    "id": "txn_01k3v8m1e4z6a8b0c2d4e6f8g0",
    "kind": "authorization",
    "status": "succeeded",
    "amount": {"amount": 8400, "currency": "GBP"},
    "reference": None,
    "reason": None,
    "created_at": "2026-11-28T09:30:00.500Z",
}
CAPTURE: Json = AUTHORIZATION | {
    "id": "txn_01k3va0p5r7s9t1v3w5x7y9z1a",
    "kind": "capture",
    "amount": {"amount": 6300, "currency": "GBP"},
    "reference": "shp_01k3va0p4q6r8s0t2v4w6x8y0z",
    "created_at": "2026-11-29T14:00:01.000Z",
}
PAYMENT: Json = {
    "id": "pay_01k3v8m1d3y5z7a9b1c3d5e7f9",
    "order_id": "ord_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "company_id": "com_01k3v8h2m4n6p8q0r2s4t6v8w0",
    "status": "partially_captured",
    "allowed_actions": ["refund"],
    "method": "card",
    "amount": {"amount": 8400, "currency": "GBP"},
    "captured_total": {"amount": 6300, "currency": "GBP"},
    "refunded_total": {"amount": 0, "currency": "GBP"},
    "transactions": [AUTHORIZATION, CAPTURE],
    "created_at": "2026-11-28T09:30:00.400Z",
    "updated_at": "2026-11-29T14:00:01.000Z",
}
PAGE: Json = example_page(PAYMENT)
REFUND: Json = {
    "id": "txn_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "kind": "refund",
    "status": "succeeded",
    "amount": {"amount": 300, "currency": "GBP"},
    "reference": "goodwill-1",
    "reason": None,
    "created_at": "2026-11-29T10:00:00.000Z",
}
