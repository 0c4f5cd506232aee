"""A small, strict platform kept in memory: what the replay may see of the gateway."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from urllib.parse import unquote

from tests.openapi import published_api

Body = dict[str, Any]
Answer = tuple[int, Body]
PAGE = 3
NOW = "2026-11-24T09:30:00Z"


class FakePlatform:
    """
    Answers as the contract says, refuses what it would refuse, and counts every effect.

    `captures_after` is how many times an order must be read before its capture shows.
    `faults` maps the number of a request (from 1) to "drop" (done, but the answer is lost), "busy" (503, not done)
    or "expired" (401, not done).
    """

    def __init__(self, *, captures_after: int = 1, faults: dict[int, str] | None = None) -> None:
        self.lock = threading.RLock()
        self.published = published_api()
        self.captures_after = captures_after
        self.faults = faults or {}
        self.on_request: Callable[[int], None] = lambda number: None
        self.requests = 0
        self.expired_under: set[tuple[str, str, str | None]] = set()
        self.effects: Counter[tuple[str, ...]] = Counter()
        self.companies: dict[str, Body] = {}
        self.products: dict[str, Body] = {}
        self.orders: dict[str, Body] = {}
        self.keys: dict[str, Answer] = {}
        self.reads: Counter[str] = Counter()

    def forget_keys(self) -> None:
        """A day goes by: idempotency keys end, natural keys stay."""
        self.keys.clear()

    # --- routes

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, str]) -> Answer:
        for pattern, route in ROUTES.items():
            match = re.fullmatch(pattern, f"{method} {path}")
            if match:
                answer = route(self, *(unquote(part) for part in match.groups()), query=query, body=body, who=headers)
                faults = self._faults(method, path, *answer)
                return (400, {"title": f"The fake differs from the published API: {faults}"}) if faults else answer
        return refused(404, "not-found", f"No route {method} {path}")

    def _faults(self, method: str, path: str, status: int, body: Body) -> list[str]:
        if status < 400:
            return self.published.faults(method, path, status, body)
        return self.published.problem_faults(status, body["type"])

    def keyed(self, headers: dict[str, str], effect: Callable[[], Answer]) -> Answer:
        key = headers.get("Idempotency-Key")
        if not key:
            return refused(400, "idempotency-key-missing", "Idempotency-Key is missing")
        if key not in self.keys:
            self.keys[key] = effect()
        return self.keys[key]

    def sign_in(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        name = body.get("email") or body["refresh_token"]
        grant = {"access_token": name, "refresh_token": name, "token_type": "Bearer", "expires_in": 600}
        return 200, grant | {"device_token": "device"}

    def act(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        if who["Authorization"] != "Bearer rep@tradepost.example":
            return refused(403, "forbidden", "This needs companies:act")
        grant = {"access_token": f"acting:{body['company_id']}", "token_type": "Bearer", "expires_in": 600}
        return 200, grant | {"company_id": body["company_id"]}

    def list_companies(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, _page(list(self.companies.values()), query)

    def create_company(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        if body["reference"] in self.companies:
            return 200, self.companies[body["reference"]]
        self.effects["company", body["reference"]] += 1
        times = {"created_at": NOW, "updated_at": NOW}
        self.companies[body["reference"]] = {"id": f"cmp_{len(self.companies)}", **times, **body}
        return 201, self.companies[body["reference"]]

    def list_products(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, _page([_shown_product(self.products[sku]) for sku in sorted(self.products)], query)

    def import_products(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        text = re.search(rb"\r\n\r\n(.*)\r\n--", body, re.DOTALL)
        assert text is not None
        for row in csv.DictReader(io.StringIO(text[1].decode(), newline="")):
            self.effects["import", row["sku"]] += 1
            stock = int(row["stock"]) if row["stock"] else None
            self.products[row["sku"]] = {"sku": row["sku"], "name": row["name"], **_stock(stock, 0)}
        return 202, _import("imp_1", "queued")

    def read_import(self, import_id: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, _import(import_id, "succeeded")

    def read_stock(self, sku: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, _shown_stock(self.products[sku])

    def set_stock(self, sku: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        self.products[sku] |= _stock(body["on_hand"], self.products[sku]["reserved"])
        return 200, _shown_stock(self.products[sku])

    def list_orders(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        orders = [order for order in self.orders.values() if order["ordered_on"] == query["ordered_on"]]
        return 200, _page([self._shown(order) for order in orders], query)

    def read_order(self, order_id: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, self._shown(self.orders[order_id])

    def place_order(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return self.keyed(who, lambda: self._place(body, who["Authorization"].removeprefix("Bearer ")))

    def ship_order(self, order_id: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return self.keyed(who, lambda: self._ship(self.orders[order_id], body))

    def return_order(self, order_id: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return self.keyed(who, lambda: self._return(self.orders[order_id], body))

    # --- effects

    def _place(self, body: Body, token: str) -> Answer:
        if not token.startswith("acting:"):
            return refused(403, "forbidden", "This needs orders:write")
        company_id = token.removeprefix("acting:")
        for order in self.orders.values():
            if (order["company_id"], order["reference"]) == (company_id, body["reference"]):
                return 200, order
        lines = [_line(number, asked) for number, asked in enumerate(body["line_items"], start=1)]
        total = sum(line["total"]["amount"] for line in lines)
        if bool(total) != ("payment" in body):
            return refused(422, "invalid-input", "A payment exactly when there is something to pay")
        if not self._reserve(lines):
            return refused(409, "out-of-stock", "Out of stock")
        order_id = f"ord_{len(self.orders):04}"
        self.effects["order", company_id, body["reference"]] += 1
        self.orders[order_id] = {
            "id": order_id,
            "number": f"SO-{len(self.orders):06}",
            **dict.fromkeys(("po_number", "status_reason", "acted_by")),
            **dict.fromkeys(("created_at", "updated_at"), NOW),
            "placed_by": "usr_rep",
            "payment_id": "pay_1",
            "refunded_total": _money(0),
            "cancelled_total": _money(0),
            "company_id": company_id,
            "reference": body["reference"],
            "ordered_on": body["ordered_on"],
            "status": "confirmed",
            "allowed_actions": ["cancel", "ship"],
            "line_items": lines,
            "total": _money(total),
            "captured_total": _money(0),
            "shipments": [],
            "returns": [],
            "failures": [],
            "settlement_note": None,
        }
        return 201, self.orders[order_id]

    def _reserve(self, lines: list[Body]) -> bool:
        wanted: Counter[str] = Counter()
        for line in lines:
            if self.products[line["sku"]]["is_stocked"]:
                wanted[line["sku"]] += line["quantity"]
        if any(self.products[sku]["available"] < units for sku, units in wanted.items()):
            return False
        for sku, units in wanted.items():
            stock = self.products[sku]
            stock |= _stock(stock["on_hand"], stock["reserved"] + units)
        return True

    def _ship(self, order: Body, body: Body) -> Answer:
        if body["reference"] in [shipment["reference"] for shipment in order["shipments"]]:
            return 200, order
        if "ship" not in order["allowed_actions"]:
            return refused(409, "order-not-shippable", f"The order is {order['status']}")
        self.effects["shipment", order["id"], body["reference"]] += 1
        lines = [{"line_id": line["line_id"], "quantity": line["quantity"]} for line in order["line_items"]]
        shipment = {"id": f"shp_{len(order['shipments'])}", "reference": body["reference"], "line_items": lines}
        shipment |= {"total": order["total"], "captured_total": _money(0), "failure": None, "shipped_at": NOW}
        order["shipments"].append(shipment)
        order |= {"status": "shipped", "allowed_actions": ["return"]}
        return 201, order

    def _return(self, order: Body, body: Body) -> Answer:
        if body["reference"] in [entry["reference"] for entry in order["returns"]]:
            return 200, order
        lines = {line["line_id"]: line for line in order["line_items"]}
        for asked in body["line_items"]:
            line = lines[asked["line_id"]]
            line["returned_quantity"] += asked["quantity"]
            line["refunded_total"] = _money(line["refunded_total"]["amount"] + asked["refund_amount"]["amount"])
            is_captured = order["captured_total"] == order["total"]
            refundable = line["total"]["amount"] * is_captured
            if line["returned_quantity"] > line["quantity"] or line["refunded_total"]["amount"] > refundable:
                return refused(422, "invalid-input", "More than was shipped, or more than is captured")
        self.effects["return", order["id"], body["reference"]] += 1
        refund = _money(sum(asked["refund_amount"]["amount"] for asked in body["line_items"]))
        order["returns"].append(
            {
                "id": f"ret_{len(order['returns'])}",
                "reference": body["reference"],
                "returned_on": body["returned_on"],
                "line_items": [
                    {"line_id": each["line_id"], "quantity": each["quantity"], "refund_total": each["refund_amount"]}
                    for each in body["line_items"]
                ],
                "total": refund,
                "refunded_total": _money(0),
                "failure": None,
                "created_at": NOW,
            }
        )
        return 201, order

    def _shown(self, order: Body) -> Body:
        """Each read of a shipped order brings its capture, and the refunds, a step nearer."""
        if order["status"] == "shipped":
            self.reads[order["id"]] += 1
            if self.reads[order["id"]] > self.captures_after:
                order["captured_total"] = order["total"]
                for entry in order["returns"]:
                    entry["refunded_total"] = entry["total"]
        return order


ROUTES: dict[str, Callable[..., Answer]] = {
    r"POST /auth/(?:login|refresh)": FakePlatform.sign_in,
    r"POST /auth/acting-tokens": FakePlatform.act,
    r"GET /companies": FakePlatform.list_companies,
    r"POST /companies": FakePlatform.create_company,
    r"GET /products": FakePlatform.list_products,
    r"POST /products/imports": FakePlatform.import_products,
    r"GET /products/imports/(\w+)": FakePlatform.read_import,
    r"GET /inventory/(.+)": FakePlatform.read_stock,
    r"PUT /inventory/(.+)": FakePlatform.set_stock,
    r"GET /orders": FakePlatform.list_orders,
    r"POST /orders": FakePlatform.place_order,
    r"GET /orders/(\w+)": FakePlatform.read_order,
    r"POST /orders/(\w+)/shipments": FakePlatform.ship_order,
    r"POST /orders/(\w+)/returns": FakePlatform.return_order,
}


def refused(status: int, kind: str, detail: str) -> Answer:
    """Return a problem as the services send it."""
    return status, {"type": f"/problems/{kind}", "title": kind.replace("-", " "), "status": status, "detail": detail}


def _page(entries: list[Body], query: Body) -> Body:
    start = int(query.get("cursor", 0))
    more = str(start + PAGE) if start + PAGE < len(entries) else None
    less = str(max(0, start - PAGE)) if start else None
    return {
        "items": entries[start : start + PAGE],
        "next_cursor": more,
        "previous_cursor": less,
        "position": start + 1,
        "total": None,
        "is_total_exact": None,
        "updated_until": "2026-11-28T12:00:00.000Z",
    }


def _money(minor: int) -> Body:
    return {"amount": minor, "currency": "GBP"}


def _stock(on_hand: int | None, reserved: int) -> Body:
    available = None if on_hand is None else on_hand - reserved
    return {"is_stocked": on_hand is not None, "on_hand": on_hand, "reserved": reserved, "available": available}


def _line(number: int, asked: Body) -> Body:
    exact = Decimal(asked["unit_price"]["amount"]) * asked["quantity"]
    total = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    return {
        "line_id": f"line-{number}",
        "sku": asked["sku"],
        "name": asked["sku"],
        "quantity": asked["quantity"],
        "unit_price": asked["unit_price"],
        "total": _money(total),
        "shipped_quantity": 0,
        "returned_quantity": 0,
        "cancelled_quantity": 0,
        "captured_total": _money(0),
        "refunded_total": _money(0),
    }


def _shown_product(product: Body) -> Body:
    shown = {name: product[name] for name in ("sku", "name", "is_stocked", "available")}
    texts = {"description": "", "category": "", "created_at": NOW, "updated_at": NOW}
    return (
        shown
        | texts
        | {
            "unit_price": {"amount": "100", "currency": "GBP"},
            "price_breaks": [],
            "warnings": [],
            "is_active": True,
            "version": 1,
        }
    )


def _shown_stock(product: Body) -> Body:
    return ({name: product[name] for name in ("sku", "is_stocked", "on_hand", "reserved", "available")}) | {
        "updated_at": NOW
    }


def _import(import_id: str, status: str) -> Body:
    counts = dict.fromkeys(("rows_read", "created", "updated", "unchanged", "failed"), 0)
    times = {"created_at": NOW, "finished_at": None}
    rows: Body = {"rows_total": None, "has_failed_rows": False, "errors": [], "changes": []}
    rows |= {"file_format": None, "is_dry_run": False}
    return {"id": import_id, "filename": "products.csv", "status": status, **rows, **counts, **times}
