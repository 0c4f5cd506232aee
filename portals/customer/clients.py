"""The gateway's API as the buyer's pages need it, one class per area."""

from __future__ import annotations

from typing import Any

from shared.portal.gateway import Area, Call, Reply, segment

Json = dict[str, Any]
PAGE_SIZE = 25


class Catalog(Area):
    def search(self, text: str, *, category: str | None = None, cursor: str | None = None) -> Json:
        """Return items, next_cursor, total and facets; an empty text lists everything by name."""
        page: Json = self.gateway.get("/search", q=text, category=category, cursor=cursor, limit=PAGE_SIZE)
        return page

    def suggest(self, text: str) -> list[Json]:
        found: list[Json] = self.gateway.get("/search/suggest", q=text)["items"]
        return found

    def get_product(self, sku: str) -> Json:
        product: Json = self.gateway.get(f"/products/{segment(sku)}")
        return product


class Carts(Area):
    def get_cart(self) -> Json:
        cart: Json = self.gateway.get("/cart")
        return cart

    def add(self, sku: str, quantity: int) -> Json:
        cart: Json = self.gateway.send(Call("POST", "/cart/items", body={"sku": sku, "quantity": quantity})).body
        return cart

    def replace(self, line_items: list[Json]) -> Json:
        """Put these lines ({sku, quantity}) in the place of what was there."""
        cart: Json = self.gateway.send(Call("PUT", "/cart", body={"line_items": line_items})).body
        return cart


class Orders(Area):
    def list_orders(self, *, status: str | None = None, cursor: str | None = None, limit: int = PAGE_SIZE) -> Json:
        page: Json = self.gateway.get("/orders", status=status, cursor=cursor, limit=limit)
        return page

    def get_order(self, order_id: str) -> Json:
        order: Json = self.gateway.get(f"/orders/{segment(order_id)}")
        return order

    def place_cart(self, *, key: str, token: str | None, po_number: str | None) -> Reply:
        """Place the cart; the same `key` never places a second order."""
        body: Json = {"payment": {"method": "card", "token": token}} if token else {}
        if po_number:
            body["po_number"] = po_number
        return self.gateway.send(Call("POST", "/orders", body=body, key=key))

    def cancel(self, order_id: str, reason: str) -> Json:
        path = f"/orders/{segment(order_id)}/cancellation"
        order: Json = self.gateway.send(Call("POST", path, body={"reason": reason})).body
        return order


class CardPages(Area):
    def open_session(self, return_url: str) -> str:
        """Return the address of the card processor's page, which sends the buyer back to `return_url`."""
        body = {"return_url": return_url}
        return str(self.gateway.send(Call("POST", "/payments/sessions", body=body)).body["url"])


class Notifications(Area):
    def list_notifications(self, *, cursor: str | None = None) -> Json:
        page: Json = self.gateway.get("/notifications", cursor=cursor, limit=PAGE_SIZE)
        return page


catalog = Catalog()
carts = Carts()
orders = Orders()
card_pages = CardPages()
notifications = Notifications()
