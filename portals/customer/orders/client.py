"""The company's orders at the gateway."""

from __future__ import annotations

from shared.portal.answers import Page
from shared.portal.gateway import Area, Call, Query, segment
from shared.portal.orders import OrderAnswer

PAGE_SIZE = 25


class Order(OrderAnswer, frozen=True, kw_only=True):
    """An order of the buyer's company."""

    updated_at: str


class Orders(Area):
    def find_orders(self, wanted: Query, cursor: str | None) -> Page[Order]:
        """Return a page of the company's orders as `wanted`, newest first."""
        query = {**wanted, "cursor": cursor, "limit": PAGE_SIZE, "with_total": "true"}
        return self.gateway.get("/orders", Page[Order], **query)

    def latest_orders(self, limit: int) -> list[Order]:
        return self.gateway.get("/orders", Page[Order], limit=limit).items

    def get_order(self, order_id: str) -> Order:
        return self.gateway.get(f"/orders/{segment(order_id)}", Order)

    def cancel(self, order_id: str, reason: str) -> Order:
        path = f"/orders/{segment(order_id)}/cancellation"
        return self.gateway.send(Call("POST", path, body={"reason": reason})).read(Order)

    def cancel_remainder(self, order_id: str, reason: str) -> Order:
        """Cancel what is left of a partly shipped order."""
        path = f"/orders/{segment(order_id)}/remainder-cancellation"
        return self.gateway.send(Call("POST", path, body={"reason": reason})).read(Order)


orders = Orders()
