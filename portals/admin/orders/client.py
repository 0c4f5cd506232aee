"""Orders and their payments at the gateway."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer, Page, Price
from shared.portal.gateway import Area, Call, segment
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


@dataclass(frozen=True)
class OrdersFilter:
    """Which orders are listed; `cursor` is the page's."""

    status: str | None = None
    reference: str | None = None
    ordered_on: str | None = None
    company_id: str | None = None
    needs_attention: str | None = None
    cursor: str | None = None


class Orders(Area):
    def list_orders(self, wanted: OrdersFilter, *, limit: int = PAGE_SIZE) -> Page[Order]:
        """Return orders of every company, newest first."""
        return self.gateway.get("/orders", Page[Order], limit=limit, **asdict(wanted))

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
