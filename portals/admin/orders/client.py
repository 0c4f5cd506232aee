"""Orders and their payments at the gateway."""

from __future__ import annotations

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer, Page, Price
from shared.portal.gateway import Area, Call, Query, segment
from shared.portal.orders import OrderAnswer

PAGE_SIZE = 25


class Order(OrderAnswer, frozen=True, kw_only=True):
    """An order of any company."""

    company_id: str
    ordered_on: str
    payment_id: str | None


class Transaction(Answer, frozen=True, kw_only=True):
    kind: str
    amount: Price
    status: str
    reason: str | None
    created_at: str


class Payment(Answer, frozen=True, kw_only=True):
    id: str
    status: str
    allowed_actions: list[str]
    captured_total: Price
    refunded_total: Price
    transactions: list[Transaction]


class Orders(Area):
    def find_orders(self, wanted: Query, cursor: str | None) -> Page[Order]:
        """Return a page of the orders of every company as `wanted`, newest first."""
        query = {**wanted, "cursor": cursor, "limit": PAGE_SIZE, "with_total": "true"}
        return self.gateway.get("/orders", Page[Order], **query)

    def latest_orders(self, limit: int, **wanted: str) -> list[Order]:
        return self.gateway.get("/orders", Page[Order], limit=limit, **wanted).items

    def get_order(self, order_id: str) -> Order:
        return self.gateway.get(f"/orders/{segment(order_id)}", Order)

    def cancel(self, order_id: str, reason: str) -> Order:
        path = f"/orders/{segment(order_id)}/cancellation"
        return self.gateway.send(Call("POST", path, body={"reason": reason})).read(Order)

    def cancel_remainder(self, order_id: str, reason: str) -> Order:
        """Cancel what is left of a partly shipped order."""
        path = f"/orders/{segment(order_id)}/remainder-cancellation"
        return self.gateway.send(Call("POST", path, body={"reason": reason})).read(Order)

    def find_payment(self, order: Order) -> Payment | None:
        """Return the order's payment; None for a free order, and for staff who may not see payments."""
        if not order.payment_id:
            return None
        try:
            return self.gateway.get(f"/payments/{segment(order.payment_id)}", Payment)
        except UpstreamRefused as refusal:
            if refusal.status not in (403, 404):
                raise
            return None


orders = Orders()
