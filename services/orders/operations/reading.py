"""Reading orders: plain documents, one query each."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.orders.documents import Order
from services.orders.rules.presenting import shown_order
from shared.data.pagination import Page, page
from shared.web.tokens import Principal

UNSHOWN = {"outbox": 0, "idempotency_key": 0, "card_token": 0, "cart_key": 0, "shortages": 0}


def get_order(reader: Principal, order_id: str) -> dict[str, Any]:
    """Return one order, or raise NotFound; another company's is none."""
    return shown_order(Order.get_fields(order_id, reader.company_scope("orders:read")))


def list_orders(
    reader: Principal,
    *,
    cursor: str | None,
    limit: int,
    reference: str | None = None,
    ordered_on: date | None = None,
    status: str | None = None,
    company_id: str | None = None,
) -> Page[dict[str, Any]]:
    """Return a page of orders, newest first."""
    scope = reader.company_scope("orders:read")
    if company_id and scope.get("company_id", company_id) != company_id:
        return Page([])
    filters = {
        "company_id": company_id,
        "status": status,
        "reference": reference,
        "ordered_on": ordered_on.isoformat() if ordered_on else None,
    }
    query = {**{name: value for name, value in filters.items() if value is not None}, **scope}
    found = page(Order.collection(), query, sort=[("_id", -1, str)], cursor=cursor, limit=limit, fields=UNSHOWN)
    return found.map(lambda each: shown_order(Order.decrypted(each)))
