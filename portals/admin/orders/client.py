"""Orders and their payments at the gateway."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer, Page, Price
from shared.portal.gateway import Area, Call, segment

PAGE_SIZE = 25


class OrderLine(Answer, frozen=True, kw_only=True):
    line_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Price
    total: Price
    shipped_quantity: int
    returned_quantity: int


class LineUnits(Answer, frozen=True, kw_only=True):
    """Units of one order line in a shipment or return."""

    line_id: str
    quantity: int


class Shipment(Answer, frozen=True, kw_only=True):
    reference: str | None
    line_items: list[LineUnits]
    total: Price
    captured_total: Price
    shipped_at: str


class Return(Answer, frozen=True, kw_only=True):
    reference: str | None
    line_items: list[LineUnits]
    total: Price
    refunded_total: Price
    returned_on: str


class Order(Answer, frozen=True, kw_only=True):
    """An order of any company; `allowed_actions` are the actions that its state allows."""

    id: str
    number: str
    company_id: str
    status: str
    status_reason: str | None
    allowed_actions: list[str]
    reference: str | None
    po_number: str | None
    ordered_on: str
    created_at: str
    acted_by: str | None
    line_items: list[OrderLine]
    total: Price
    captured_total: Price
    refunded_total: Price
    payment_id: str | None
    shipments: list[Shipment]
    returns: list[Return]


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
