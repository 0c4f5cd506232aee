"""Orders and payments of the fake shop: placing, cancelling, shipping, returns and refunds."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from services.orders.orders.rules import OrderStatus, allowed_actions
from shared.base.money import share
from shared.portal.gateway import Call
from tests.portals.fake_shapes import Json, Refusal, gbp, page

if TYPE_CHECKING:
    from tests.portals.fake_shop import Shop

NOW = "2026-11-24T09:30:00Z"


class OrderBook:
    """The orders of all companies, newest first, with a payment each."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._serial = itertools.count(124)
        self.orders: list[Json] = []
        self.payments: dict[str, Json] = {}
        self._emptiers: dict[str, Json] = {}
        self.refusal_of_refunds = ""

    def routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("GET", "/orders", self.list_orders),
            ("POST", "/orders", self.place),
            ("GET", "/orders/([^/]+)", lambda user, call, order_id: (200, _shown(self.find(user, order_id)))),
            ("POST", "/orders/([^/]+)/cancellation", self.cancel),
            ("POST", "/orders/([^/]+)/remainder-cancellation", self.cancel_remainder),
            ("POST", "/orders/([^/]+)/shipments", self.ship),
            ("POST", "/orders/([^/]+)/settlement", self.settle),
            ("POST", "/orders/([^/]+)/returns", self.record_return),
            (
                "GET",
                "/payments/([^/]+)",
                lambda user, call, payment_id: (200, _shown_payment(self.payments[payment_id])),
            ),
            ("POST", "/payments/([^/]+)/refunds", self.refund),
        ]

    def find(self, user: Json, order_id: str) -> Json:
        for order in self.orders:
            if order["id"] == order_id and user["company"] in (None, {"id": order["company_id"], **_name_of(user)}):
                return order
        raise Refusal(404, "not-found", detail="There is no such order")

    def get_payment(self, user: Json, call: Call, payment_id: str) -> tuple[int, Json]:
        return 200, _shown_payment(self.payments[payment_id])

    def list_orders(self, user: Json, call: Call) -> tuple[int, Json]:
        rows = self.orders
        wanted = call.query.get("status") or []
        states = wanted if isinstance(wanted, list) else [str(wanted)]
        rows = [order for order in rows if not states or order["status"] in states]
        if call.query.get("company_id"):
            rows = [order for order in rows if order["company_id"] == call.query["company_id"]]
        first, last = call.query.get("ordered_from") or "", call.query.get("ordered_to") or "9"
        rows = [order for order in rows if str(first) <= order["ordered_on"] <= str(last)]
        if call.query.get("q"):
            rows = [order for order in rows if _is_found(order, str(call.query["q"]).lower())]
        if call.query.get("needs_attention"):
            rows = [order for order in rows if _needs_attention(order)]
        return 200, page([_shown(order) for order in rows], call)

    def add(self, *lines: tuple[str, int], company_id: str = "com_acme", **changes: Any) -> Json:
        """Put a confirmed order of these (sku, quantity) into the book."""
        number = next(self._serial)
        rows = [self._line(place, sku, quantity) for place, (sku, quantity) in enumerate(lines, 1)]
        total = gbp(sum(row["total"]["amount"] for row in rows))
        payment_id = f"pay_{number}"
        order: Json = {
            "id": f"ord_{number}",
            "number": f"SO-{number:06}",
            "status": "confirmed",
            "company_id": company_id,
            "line_items": rows,
            "total": total,
            "payment_id": payment_id,
            **dict.fromkeys(("reference", "po_number", "status_reason", "acted_by")),
            **{name: gbp(0) for name in ("captured_total", "refunded_total", "cancelled_total")},
            "ordered_on": NOW[:10],
            "placed_by": "usr_buyer",
            "created_at": NOW,
            "updated_at": NOW,
            "shipments": [],
            "returns": [],
            "failures": [],
            "settlement_note": None,
        } | changes
        self.payments[payment_id] = {
            "id": payment_id,
            "order_id": order["id"],
            "company_id": company_id,
            "status": "authorized",
            "method": "card",
            "amount": total,
            "captured_total": gbp(0),
            "refunded_total": gbp(0),
            "transactions": [_transaction("authorization", total)],
            "created_at": NOW,
            "updated_at": NOW,
        }
        self.orders.insert(0, order)
        return order

    def _line(self, place: int, sku: str, quantity: int) -> Json:
        product = self._shop.products[sku]
        row: Json = {"line_id": str(place), "sku": sku, "name": product["name"], "quantity": quantity}
        row |= {"unit_price": product["unit_price"], "total": gbp(int(product["unit_price"]["amount"]) * quantity)}
        row |= {"shipped_quantity": 0, "returned_quantity": 0, "cancelled_quantity": 0}
        row |= {"captured_total": gbp(0), "refunded_total": gbp(0)}
        return row

    def place(self, user: Json, call: Call) -> tuple[int, Json]:
        cart = self._shop.carts.get(user["company"]["id"], {})
        if not cart and user["id"] in self._emptiers:
            return 200, _shown(self._emptiers[user["id"]])
        if not cart:
            raise Refusal(422, "cart-empty", detail="The cart is empty")
        expected, total = call.body.get("expected_total"), self._shop.cart(user)["total"]
        if expected not in (None, total):
            raise Refusal(409, "total-changed", expected_total=expected, total=total)
        if call.body.get("payment", {}).get("token") == "tok_declined":
            raise Refusal(
                402,
                "payment-declined",
                detail="There is not enough money on this card. Use another card, or ask your bank.",
                decline_reason="insufficient_funds",
            )
        short = [(sku, wanted, self._shop.products[sku]) for sku, wanted in cart.items()]
        shortages = [
            {"sku": sku, "requested": wanted, "available": product["available"]}
            for sku, wanted, product in short
            if product["is_stocked"] and product["available"] < wanted
        ]
        if shortages:
            raise Refusal(409, "out-of-stock", shortages=shortages)
        order = self.add(*cart.items(), po_number=call.body.get("po_number"))
        for sku, quantity in cart.items():
            if self._shop.products[sku]["is_stocked"]:
                self._shop.products[sku]["available"] -= quantity
        self._shop.carts[user["company"]["id"]] = {}
        self._emptiers[user["id"]] = order
        return 201, _shown(order)

    def cancel(self, user: Json, call: Call, order_id: str) -> tuple[int, Json]:
        order = self.find(user, order_id)
        if order["shipments"]:
            raise Refusal(409, "order-not-cancellable", detail="Part of the order is shipped")
        order.update(status="cancelled", status_reason=call.body["reason"])
        return 200, _shown(order)

    def cancel_remainder(self, user: Json, call: Call, order_id: str) -> tuple[int, Json]:
        order = self.find(user, order_id)
        if order["status"] != "partially_shipped":
            raise Refusal(409, "order-not-cancellable", detail=f"Order {order['number']} is {order['status']}")
        order.update(status="partially_cancelled", status_reason=call.body["reason"])
        for row in order["line_items"]:
            row["cancelled_quantity"] = row["quantity"] - row["shipped_quantity"]
        shipped = sum(shipment["total"]["amount"] for shipment in order["shipments"])
        order["cancelled_total"] = gbp(order["total"]["amount"] - shipped)
        return 200, _shown(order)

    def ship(self, user: Json, call: Call, order_id: str) -> tuple[int, Json]:
        order = self.find(user, order_id)
        left = {row["line_id"]: row["quantity"] - row["shipped_quantity"] for row in order["line_items"]}
        wanted = call.body.get("line_items") or [
            {"line_id": key, "quantity": quantity} for key, quantity in left.items() if quantity
        ]
        total = 0
        for piece in wanted:
            if piece["quantity"] > left[piece["line_id"]]:
                errors = [{"pointer": "/line_items/0/quantity", "detail": "More than is left to ship"}]
                raise Refusal(422, "invalid-input", errors=errors)
            row = order["line_items"][int(piece["line_id"]) - 1]
            row["shipped_quantity"] += piece["quantity"]
            part = share(row["total"]["amount"], piece["quantity"], row["quantity"])
            row["captured_total"] = gbp(row["captured_total"]["amount"] + part)
            total += part
        shipment = {"id": f"shp_{len(order['shipments']) + 1}", "reference": call.body.get("reference")}
        shipment["failure"] = None
        shipment |= {"line_items": wanted, "total": gbp(total), "captured_total": gbp(total), "shipped_at": NOW}
        order["shipments"].append(shipment)
        all_out = all(row["shipped_quantity"] == row["quantity"] for row in order["line_items"])
        order["status"] = "shipped" if all_out else "partially_shipped"
        self._count(order, "captured_total", "capture", total)
        return 201, _shown(order)

    def record_return(self, user: Json, call: Call, order_id: str) -> tuple[int, Json]:
        order = self.find(user, order_id)
        pieces = []
        for piece in call.body["line_items"]:
            row = order["line_items"][int(piece["line_id"]) - 1]
            row["returned_quantity"] += piece["quantity"]
            paid = gbp(share(row["total"]["amount"], piece["quantity"], row["quantity"]))
            refund = piece.get("refund_amount", paid)
            pieces.append({"line_id": piece["line_id"], "quantity": piece["quantity"], "refund_total": refund})
        total = sum(piece["refund_total"]["amount"] for piece in pieces)
        entry = {"id": f"ret_{len(order['returns']) + 1}", "reference": call.body.get("reference")}
        entry |= {"returned_on": NOW[:10], "line_items": pieces, "total": gbp(total), "refunded_total": gbp(total)}
        order["returns"].append(entry | {"failure": None, "created_at": NOW})
        self._count(order, "refunded_total", "refund", total)
        return 201, _shown(order)

    def refuse(self, order: Json, kind: str, reason: str) -> None:
        """Let the capture of the last shipment, or the refund of the last return, be refused."""
        parts, done = ("shipments", "captured_total") if kind == "capture" else ("returns", "refunded_total")
        part = order[parts][-1]
        order[done] = gbp(order[done]["amount"] - part[done]["amount"])
        part |= {"failure": reason, done: gbp(0)}
        failure = {"kind": kind, "subject_id": part["id"], "total": part["total"], "reason": reason}
        order["failures"].append(failure | {"failed_at": NOW, "is_settled": False})

    def settle(self, user: Json, call: Call, order_id: str) -> tuple[int, Json]:
        order = self.find(user, order_id)
        if not _needs_attention(order):
            raise Refusal(409, "action-not-allowed", detail="No capture or refund needs a person")
        for failure in order["failures"]:
            failure["is_settled"] = True
        order["settlement_note"] = call.body["note"]
        return 200, _shown(order)

    def refund(self, user: Json, call: Call, payment_id: str) -> tuple[int, Json]:
        payment = self.payments[payment_id]
        order = next(order for order in self.orders if order["id"] == payment["order_id"])
        if call.body["amount"]["amount"] > payment["captured_total"]["amount"] - payment["refunded_total"]["amount"]:
            errors = [{"pointer": "/amount", "detail": "More than was captured and not yet refunded"}]
            raise Refusal(422, "invalid-input", errors=errors)
        if self.refusal_of_refunds:
            failed = _transaction("refund", call.body["amount"]) | {"status": "failed"}
            return 201, failed | {"reason": self.refusal_of_refunds}
        self._count(order, "refunded_total", "refund", call.body["amount"]["amount"])
        return 201, payment["transactions"][-1]

    def _count(self, order: Json, name: str, kind: str, amount: int) -> None:
        payment = self.payments[order["payment_id"]]
        for document in (order, payment):
            document[name] = gbp(document[name]["amount"] + amount)
        payment["transactions"].append(_transaction(kind, gbp(amount)))


def _shown(order: Json) -> Json:
    """Return the order with its actions, by the table of the orders service; an unknown status allows none."""
    returnable = any(row["shipped_quantity"] > row["returned_quantity"] for row in order["line_items"])
    is_known = order["status"] in [status.value for status in OrderStatus]
    needed = _needs_attention(order)
    actions = (
        allowed_actions(OrderStatus(order["status"]), has_returnable=returnable, needs_attention=needed)
        if is_known
        else []
    )
    return order | {"allowed_actions": [action.value for action in actions]}


def _needs_attention(order: Json) -> bool:
    return any(not failure["is_settled"] for failure in order["failures"])


def _shown_payment(payment: Json) -> Json:
    left = payment["captured_total"]["amount"] - payment["refunded_total"]["amount"]
    return payment | {"allowed_actions": ["refund"] if left > 0 else []}


def _name_of(user: Json) -> Json:
    return {"name": user["company"]["name"]} if user["company"] else {}


def _transaction(kind: str, amount: Json) -> Json:
    entry = {"id": f"txn_{kind}", "kind": kind, "status": "succeeded", "amount": amount}
    return entry | {"reference": None, "reason": None, "created_at": NOW}


def _is_found(order: Json, text: str) -> bool:
    texts = [order["number"], order["po_number"], order["reference"], *(line["sku"] for line in order["line_items"])]
    return any(str(each or "").lower().startswith(text) for each in texts)
