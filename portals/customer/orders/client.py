"""The company's orders at the gateway."""

from __future__ import annotations

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
    """An order of the buyer's company; `allowed_actions` are the actions that its state allows."""

    id: str
    number: str
    status: str
    status_reason: str | None
    allowed_actions: list[str]
    reference: str | None
    po_number: str | None
    acted_by: str | None
    line_items: list[OrderLine]
    total: Price
    captured_total: Price
    refunded_total: Price
    shipments: list[Shipment]
    returns: list[Return]
    created_at: str
    updated_at: str


class Orders(Area):
    def list_orders(
        self, *, status: str | None = None, cursor: str | None = None, limit: int = PAGE_SIZE
    ) -> Page[Order]:
        return self.gateway.get("/orders", Page[Order], status=status, cursor=cursor, limit=limit)

    def get_order(self, order_id: str) -> Order:
        return self.gateway.get(f"/orders/{segment(order_id)}", Order)

    def cancel(self, order_id: str, reason: str) -> Order:
        path = f"/orders/{segment(order_id)}/cancellation"
        return self.gateway.send(Call("POST", path, body={"reason": reason})).read(Order)


orders = Orders()
