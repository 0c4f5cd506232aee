"""The queries of the order list; each is served by an index of Order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.orders.finding.rules import OrdersFilter
from services.orders.orders.documents import Order, OrderRecord
from shared.data.pagination import SORTS, Page, changes_page
from shared.data.struct_fields import stored_as
from shared.data.text_search import begins_with

UNREAD = {"outbox": 0, "idempotency_key": 0, "card_token": 0, "cart_key": 0, "shortages": 0, "search_terms": 0}
SORTS_OF_ORDERS = {
    **SORTS,
    "ordered_on": [("ordered_on", 1, str), ("_id", 1, str)],
    "-ordered_on": [("ordered_on", -1, str), ("_id", -1, str)],
}


def orders_page(wanted: OrdersFilter, scope: Mapping[str, str], companies: Sequence[str]) -> Page[OrderRecord]:
    """Return one page of the wanted orders within `scope`; those of `companies` are found by the text too."""
    found = changes_page(
        Order.collection(),
        query_of(wanted, scope, companies),
        wanted,
        sorts=SORTS_OF_ORDERS,
        usual=wanted.usual_order,
        fields=UNREAD,
    )
    return found.readable(lambda stored: stored_as(OrderRecord, Order.decrypted(stored)))


def query_of(wanted: OrdersFilter, scope: Mapping[str, str], companies: Sequence[str]) -> dict[str, Any]:
    """Return the query for the wanted orders."""
    filters = {
        "company_id": wanted.company_id,
        "status": _any_of(wanted.statuses),
        "reference": wanted.reference,
        "needs_attention": wanted.needs_attention,
        "ordered_on": _days(wanted),
    }
    query: dict[str, Any] = {name: value for name, value in filters.items() if value is not None} | dict(scope)
    return query if wanted.q is None else query | _text(wanted.words, companies)


def _any_of(values: Sequence[str]) -> Any:
    if len(values) < 2:
        return values[0] if values else None
    return {"$in": sorted(set(values))}


def _days(wanted: OrdersFilter) -> Any:
    if wanted.ordered_on is not None:
        return wanted.ordered_on.isoformat()
    bounds: dict[str, date | None] = {"$gte": wanted.ordered_from, "$lte": wanted.ordered_to}
    return {name: day.isoformat() for name, day in bounds.items() if day is not None} or None


def _text(words: Sequence[str], companies: Sequence[str]) -> dict[str, Any]:
    named = begins_with("search_terms", words)
    return {"$or": [named, {"company_id": {"$in": list(companies)}}]} if companies else named
