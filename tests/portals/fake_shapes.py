"""Shapes of the API that the fakes and the tests share."""

from __future__ import annotations

from typing import Any

from services.users.people.rules import DEFAULT_ROLES
from shared.portal.gateway import Call

Json = dict[str, Any]

BUYER: Json = {
    "id": "usr_buyer",
    "email": "buyer@acme.example",
    "name": "Bea Buyer",
    "company": {"id": "com_acme", "name": "Acme Trading"},
    "roles": ["buyer"],
    "permissions": [*DEFAULT_ROLES["buyer"]],
    "acting": None,
}
STAFF: Json = {
    "id": "usr_admin",
    "email": "admin@tradepost.example",
    "name": "Ada Admin",
    "company": None,
    "roles": ["merchant_admin"],
    "permissions": [*DEFAULT_ROLES["merchant_admin"]],
    "acting": None,
}
REP: Json = STAFF | {
    "id": "usr_rep",
    "email": "rep@tradepost.example",
    "name": "Rita Rep",
    "roles": ["sales_rep"],
    "permissions": [*DEFAULT_ROLES["sales_rep"]],
}


LISTS_OF_CHANGES = {"/orders", "/products", "/companies"}


class Refusal(Exception):
    """A 4xx answer of the fake; `members` go into its problem document."""

    def __init__(self, status: int, kind: str, **members: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.members = members


def gbp(amount: int) -> Json:
    return {"amount": amount, "currency": "GBP"}


def price(amount: int | str) -> Json:
    """Return a unit price, whose amount is always a string."""
    return {"amount": str(amount), "currency": "GBP"}


def page(rows: list[Json], call: Call) -> Json:
    """Return one page of `rows`; a cursor is simply the place where a page begins, and others are refused."""
    cursor, limit = str(call.query.get("cursor") or 0), int(str(call.query.get("limit") or 20))
    if not cursor.isdigit():
        raise Refusal(422, "cursor-invalid", errors=[{"pointer": "/cursor", "detail": "Begin without it."}])
    start = int(cursor)
    is_counted = call.query.get("with_total") == "true"
    return {
        "items": rows[start : start + limit],
        "next_cursor": str(start + limit) if start + limit < len(rows) else None,
        "previous_cursor": str(max(0, start - limit)) if start else None,
        "position": start + 1,
        "total": len(rows) if is_counted else None,
        "is_total_exact": True if is_counted else None,
        **({"updated_until": "2026-11-28T12:00:00.000Z"} if call.path in LISTS_OF_CHANGES else {}),
    }


def make_product(sku: str) -> Json:
    return {
        "sku": sku,
        "name": "Hex bolt M8 x 40",
        "description": "Zinc plated",
        "category": "Fasteners",
        "unit_price": price(255),
        "price_breaks": [
            {"min_quantity": 12, "unit_price": price(210)},
            {"min_quantity": 48, "unit_price": price("195.5")},
        ],
        "warnings": [],
        "is_stocked": True,
        "available": 100,
        "is_active": True,
        "version": 1,
        "created_at": "2026-10-02T08:00:00Z",
        "updated_at": "2026-11-20T08:00:00Z",
    }
