"""Example bodies of orders in the API's document: one order on its way from confirmed to returned."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

ORDER_ID = "ord_01k3v8m0c2x4y6z8a0b2d4f6h8"


def gbp(amount: int) -> Json:
    return {"amount": amount, "currency": "GBP"}


LINE: Json = {
    "line_id": "1",
    "sku": "BOLT-M8",
    "name": "Hex bolt M8 x 40",
    "quantity": 400,
    "unit_price": {"amount": "21", "currency": "GBP"},
    "total": gbp(8400),
    "shipped_quantity": 0,
    "returned_quantity": 0,
    "cancelled_quantity": 0,
    "captured_total": gbp(0),
    "refunded_total": gbp(0),
}
ORDER: Json = {
    "id": ORDER_ID,
    "number": "SO-000123",
    "reference": "ERP-4711",
    "po_number": "PO-7",
    "status": "confirmed",
    "status_reason": None,
    "allowed_actions": ["cancel", "ship"],
    "ordered_on": "2026-11-28",
    "company_id": "com_01k3v8h2m4n6p8q0r2s4t6v8w0",
    "placed_by": "usr_01k3v8j3n5p7q9r1s3t5v7w9x1",
    "acted_by": None,
    "line_items": [LINE],
    "total": gbp(8400),
    "captured_total": gbp(0),
    "refunded_total": gbp(0),
    "cancelled_total": gbp(0),
    "payment_id": "pay_01k3v8m1d3y5z7a9b1c3d5e7f9",
    "shipments": [],
    "returns": [],
    "failures": [],
    "settlement_note": None,
    "created_at": "2026-11-28T09:30:00.000Z",
    "updated_at": "2026-11-28T09:30:01.250Z",
}
PENDING: Json = ORDER | {"status": "placed", "payment_id": None, "allowed_actions": ["cancel"]}
CANCELLED: Json = ORDER | {
    "status": "cancelled",
    "status_reason": "Ordered twice",
    "allowed_actions": [],
    "line_items": [LINE | {"cancelled_quantity": 400}],
    "cancelled_total": gbp(8400),
}
SHIPMENT: Json = {
    "id": "shp_01k3va0p4q6r8s0t2v4w6x8y0z",
    "reference": "DN-1001",
    "line_items": [{"line_id": "1", "quantity": 300}],
    "total": gbp(6300),
    "captured_total": gbp(6300),
    "failure": None,
    "shipped_at": "2026-11-29T14:00:00.000Z",
}
PARTLY_SHIPPED: Json = ORDER | {
    "status": "partially_shipped",
    "allowed_actions": ["ship", "cancel_remainder", "return"],
    "line_items": [LINE | {"shipped_quantity": 300, "captured_total": gbp(6300)}],
    "captured_total": gbp(6300),
    "shipments": [SHIPMENT],
    "updated_at": "2026-11-29T14:00:02.000Z",
}
PARTLY_CANCELLED: Json = PARTLY_SHIPPED | {
    "status": "partially_cancelled",
    "status_reason": "No longer needed",
    "allowed_actions": ["return"],
    "line_items": [LINE | {"shipped_quantity": 300, "captured_total": gbp(6300), "cancelled_quantity": 100}],
    "cancelled_total": gbp(2100),
}
RETURN: Json = {
    "id": "ret_01k3vc5r7s9t1v3w5x7y9z1a3b",
    "reference": "RMA-17",
    "returned_on": "2026-12-01",
    "line_items": [{"line_id": "1", "quantity": 100, "refund_total": gbp(2100)}],
    "total": gbp(2100),
    "refunded_total": gbp(0),
    "failure": None,
    "created_at": "2026-12-01T10:15:00.000Z",
}
RETURNED: Json = PARTLY_SHIPPED | {
    "line_items": [LINE | {"shipped_quantity": 300, "returned_quantity": 100, "captured_total": gbp(6300)}],
    "returns": [RETURN],
    "updated_at": "2026-12-01T10:15:00.000Z",
}
FAILURE: Json = {
    "kind": "refund",
    "subject_id": RETURN["id"],
    "total": gbp(2100),
    "reason": "card_closed",
    "failed_at": "2026-12-01T10:15:03.000Z",
    "is_settled": True,
}
SETTLED: Json = RETURNED | {
    "returns": [RETURN | {"failure": "card_closed"}],
    "failures": [FAILURE],
    "settlement_note": "Refunded by bank transfer on 2 December.",
}
PAGE: Json = example_page(ORDER)
CANCELLATION: Json = {"reason": "Ordered twice"}
