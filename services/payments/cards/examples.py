"""Example bodies of the card page, refunds and webhooks in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CARD_PAGE_REQUEST: Json = {"return_url": "http://127.0.0.1:8081/checkout/card"}
CARD_PAGE: Json = {"url": "http://127.0.0.1:8084/psp-sandbox/pay/ses_7f6c1c0e"}
REFUND_REQUEST: Json = {"amount": {"amount": 500, "currency": "GBP"}, "reference": "goodwill-1"}
REFUND: Json = {
    "id": "txn_01k3vd6s8t0v2w4x6y8z0a2b4c",
    "kind": "refund",
    "status": "succeeded",
    "amount": {"amount": 500, "currency": "GBP"},
    "reference": "goodwill-1",
    "reason": None,
    "created_at": "2026-12-02T08:00:00.000Z",
}
WEBHOOK: Json = {
    "type": "charge.captured",
    "timestamp": "2026-11-29T14:00:01Z",
    "data": {"id": "ch_01k3va0p6s8t0v2w4x6y8z0a2b", "amount": 6300, "currency": "GBP"},
}
