"""Turns a stored order into what the API shows: totals and progress per line are derived, never stored twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.orders.rules.fulfillment import captured_amount, captured_shipments, per_line

SHOWN_AS_STORED = (
    "number",
    "reference",
    "po_number",
    "status",
    "status_reason",
    "ordered_on",
    "company_id",
    "placed_by",
    "acted_by",
    "payment_id",
    "created_at",
    "updated_at",
)
Stored = Mapping[str, Any]


def shown_order(order: Stored) -> dict[str, Any]:
    """Return the fields of `OrderSchema` of one stored document."""
    shipments, returns = order.get("shipments", []), order.get("returns", [])
    currency = order["currency"]
    refunded = sum(entry["amount"] for entry in order.get("refunds", []))
    refunded += sum(entry["refunded_amount"] or 0 for entry in returns)
    return {
        "id": order["_id"],
        **{name: order.get(name) for name in SHOWN_AS_STORED},
        "line_items": _lines(order, currency),
        "total": _money(order["total_amount"], currency),
        "captured_total": _money(captured_amount(shipments), currency),
        "refunded_total": _money(refunded, currency),
        "shipments": [_shipment(entry, currency) for entry in shipments],
        "returns": [_return(entry, currency) for entry in returns],
    }


def _money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def _lines(order: Stored, currency: str) -> list[dict[str, Any]]:
    shipments, returns = order.get("shipments", []), order.get("returns", [])
    shipped, returned = per_line(shipments, "quantity"), per_line(returns, "quantity")
    captured = per_line(captured_shipments(shipments), "amount")
    refunded = per_line([entry for entry in returns if entry["refunded_amount"] is not None], "refund_amount")
    return [
        {
            "line_id": line["line_id"],
            "sku": line["sku"],
            "name": line["name"],
            "quantity": line["quantity"],
            "unit_price": {"amount": line["unit_amount"], "currency": currency},
            "total": _money(line["total_amount"], currency),
            "shipped_quantity": shipped[line["line_id"]],
            "returned_quantity": returned[line["line_id"]],
            "captured_total": _money(captured[line["line_id"]], currency),
            "refunded_total": _money(refunded[line["line_id"]], currency),
        }
        for line in order["line_items"]
    ]


def _shipment(shipment: Stored, currency: str) -> dict[str, Any]:
    return {
        **shipment,
        "total": _money(shipment["amount"], currency),
        "captured_total": _money(shipment["captured_amount"] or 0, currency),
    }


def _return(entry: Stored, currency: str) -> dict[str, Any]:
    return {
        **entry,
        "line_items": [
            {**line, "refund_total": _money(line["refund_amount"], currency)} for line in entry["line_items"]
        ],
        "total": _money(entry["amount"], currency),
        "refunded_total": _money(entry["refunded_amount"] or 0, currency),
    }
