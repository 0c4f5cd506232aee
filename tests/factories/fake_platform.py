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

Body = dict[str, Any]
Answer = tuple[int, Body]
PAGE = 3


class FakePlatform:
    """
    Answers as the contract says, refuses what it would refuse, and counts every effect.

    `captures_after` is how many times an order must be read before its capture shows.
    `faults` maps the number of a request (from 1) to "drop" (done, but the answer is lost), "busy" (503, not done)
    or "expired" (401, not done).
    """

    def __init__(self, *, captures_after: int = 1, faults: dict[int, str] | None = None) -> None:
        self.lock = threading.RLock()
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
                return route(self, *(unquote(part) for part in match.groups()), query=query, body=body, who=headers)
        return 404, {"title": f"No route {method} {path}"}

    def keyed(self, headers: dict[str, str], effect: Callable[[], Answer]) -> Answer:
        key = headers.get("Idempotency-Key")
        if not key:
            return 400, {"title": "Idempotency-Key is missing"}
        if key not in self.keys:
            self.keys[key] = effect()
        return self.keys[key]

    def sign_in(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        name = body.get("email") or body["refresh_token"]
        return 200, {"access_token": name, "refresh_token": name, "token_type": "Bearer", "expires_in": 600}

    def act(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        if who["Authorization"] != "Bearer rep@tradepost.example":
            return 403, {"title": "This needs companies:act"}
        return 201, {"access_token": f"acting:{body['company_id']}", "expires_in": 600}

    def list_companies(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, _page(list(self.companies.values()), query)

    def create_company(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        if body["reference"] in self.companies:
            return 200, self.companies[body["reference"]]
        self.effects["company", body["reference"]] += 1
        self.companies[body["reference"]] = {"id": f"cmp_{len(self.companies)}", **body}
        return 201, self.companies[body["reference"]]

    def list_products(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, _page(sorted(self.products.values(), key=lambda product: product["sku"]), query)

    def import_products(self, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        text = re.search(rb"\r\n\r\n(.*)\r\n--", body, re.DOTALL)
        assert text is not None
        for row in csv.DictReader(io.StringIO(text[1].decode(), newline="")):
            self.effects["import", row["sku"]] += 1
            stock = int(row["stock"]) if row["stock"] else None
            self.products[row["sku"]] = {"sku": row["sku"], "name": row["name"], **_stock(stock, 0)}
        return 202, {"id": "imp_1", "status": "queued"}

    def read_import(self, import_id: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, {"id": import_id, "status": "succeeded", "created": 0, "failed": 0, "errors": []}

    def read_stock(self, sku: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        return 200, self.products[sku]

    def set_stock(self, sku: str, *, query: Body, body: Any, who: dict[str, str]) -> Answer:
        self.products[sku] |= _stock(body["on_hand"], self.products[sku]["reserved"])
        return 200, self.products[sku]

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
            return 403, {"title": "This needs orders:write"}
        company_id = token.removeprefix("acting:")
        for order in self.orders.values():
            if (order["company_id"], order["reference"]) == (company_id, body["reference"]):
                return 200, order
        lines = [_line(number, asked) for number, asked in enumerate(body["line_items"], start=1)]
        total = sum(line["total"]["amount"] for line in lines)
        if bool(total) != ("payment" in body):
            return 422, {"title": "A payment exactly when there is something to pay"}
        if not self._reserve(lines):
            return 409, {"title": "Out of stock"}
        order_id = f"ord_{len(self.orders):04}"
        self.effects["order", company_id, body["reference"]] += 1
        self.orders[order_id] = {
            "id": order_id,
            "company_id": company_id,
            "reference": body["reference"],
            "ordered_on": body["ordered_on"],
            "status": "confirmed",
            "line_items": lines,
            "total": _money(total),
            "captured_total": _money(0),
            "shipments": [],
            "returns": [],
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
        if order["status"] != "confirmed":
            return 409, {"title": f"The order is {order['status']}"}
        self.effects["shipment", order["id"], body["reference"]] += 1
        order["shipments"].append({"reference": body["reference"]})
        order["status"] = "shipped"
        return 201, order

    def _return(self, order: Body, body: Body) -> Answer:
        if body["reference"] in [entry["reference"] for entry in order["returns"]]:
            return 200, order
        lines = {line["line_id"]: line for line in order["line_items"]}
        for asked in body["line_items"]:
            line = lines[asked["line_id"]]
            line["returned"] += asked["quantity"]
            line["refunded"] += asked["refund_amount"]["amount"]
            is_captured = order["captured_total"] == order["total"]
            if line["returned"] > line["quantity"] or line["refunded"] > line["total"]["amount"] * is_captured:
                return 422, {"title": "More than was shipped, or more than is captured"}
        self.effects["return", order["id"], body["reference"]] += 1
        refund = _money(sum(asked["refund_amount"]["amount"] for asked in body["line_items"]))
        order["returns"].append(body | {"total": refund, "refunded_total": _money(0)})
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


def _page(entries: list[Body], query: Body) -> Body:
    start = int(query.get("cursor", 0))
    more = str(start + PAGE) if start + PAGE < len(entries) else None
    return {"items": entries[start : start + PAGE], "next_cursor": more}


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
        "quantity": asked["quantity"],
        "total": _money(total),
        "returned": 0,
        "refunded": 0,
    }
