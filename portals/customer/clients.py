"""The gateway's API as the buyer's pages need it, one class per area."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from shared.calls.service_client import UpstreamRefused
from shared.portal.gateway import Area, Call, Reply, segment

Json = dict[str, Any]
PAGE_SIZE = 25
MOST_TRIES = 3


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

    def add_many(self, line_items: Iterable[Json]) -> tuple[Json, dict[str, str]]:
        """
        Add lines ({sku, quantity}) in one write, and return the cart with the reason for each SKU that was left out.

        One by one, hundreds of lines would meet the rate limit and the request's deadline half way.
        """
        before = {line["sku"]: line["quantity"] for line in self.get_cart()["line_items"]}
        wanted = dict(before)
        for line in line_items:
            wanted[line["sku"]] = wanted.get(line["sku"], 0) + line["quantity"]
        refused: dict[str, str] = {}
        for _ in range(MOST_TRIES):
            try:
                return self.replace([{"sku": sku, "quantity": wanted[sku]} for sku in wanted]), refused
            except UpstreamRefused as refusal:
                reasons = _by_line(refusal, list(wanted))
                if not reasons:
                    raise
            refused |= reasons
            as_before = {sku: before[sku] for sku in reasons if wanted[sku] != before.get(sku, wanted[sku])}
            wanted = {sku: quantity for sku, quantity in wanted.items() if sku not in reasons} | as_before
        return self.get_cart(), refused | dict.fromkeys(wanted.keys() - before.keys(), "The cart did not take it.")

    def replace(self, line_items: list[Json]) -> Json:
        """Put these lines ({sku, quantity}) in the place of what was there."""
        cart: Json = self.gateway.send(Call("PUT", "/cart", body={"line_items": line_items})).body
        return cart


def _by_line(refusal: UpstreamRefused, skus: list[str]) -> dict[str, str]:
    """Return what a refusal says of single lines, by SKU."""
    named = ((re.match(r"/line_items/([0-9]+)/", error.pointer), error.detail) for error in refusal.errors)
    return {skus[int(place[1])]: detail for place, detail in named if place}


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
