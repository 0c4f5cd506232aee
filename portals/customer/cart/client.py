"""The cart at the gateway, and its line count for the masthead."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from flask import session

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer, Price, Tagged
from shared.portal.form_tags import is_stale
from shared.portal.gateway import Area, Call

MOST_ATTEMPTS = 3
QUANTITY_ADVICE = "Enter a whole number from 1 to 1,000,000."


class SkuQuantity(msgspec.Struct, frozen=True):
    """Units of one product."""

    sku: str
    quantity: int


class CartLine(Answer, frozen=True, kw_only=True):
    """
    A line at today's price; price and total are None for a product that is no longer sold.

    `problem` says why it cannot be ordered as it stands.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Price | None
    total: Price | None
    available: int | None
    is_available: bool
    problem: str | None = None


class Cart(Tagged, frozen=True, kw_only=True):
    """`total` is None for lines that no order could have together; `problem` says why."""

    line_items: list[CartLine]
    total: Price | None
    problem: str | None = None


class Carts(Area):
    """The buyer's cart; each answer updates the line count of the session, so that the masthead needs no call."""

    def get_cart(self) -> Cart:
        return _remembered(self.gateway.get_tagged("/cart", Cart))

    def add(self, sku: str, quantity: int) -> Cart:
        call = Call("POST", "/cart/items", body={"sku": sku, "quantity": quantity})
        return _remembered(self.gateway.send(call).read(Cart))

    def replace(self, line_items: list[SkuQuantity], *, tag: str) -> Cart:
        """Put exactly these lines into the cart that has this tag; "" is any cart."""
        reply = self.gateway.send(Call("PUT", "/cart", body={"line_items": line_items}, if_match=tag))
        return _remembered(msgspec.structs.replace(reply.read(Cart), tag=reply.tag))

    def add_many(self, line_items: Iterable[SkuQuantity]) -> dict[str, str]:
        """
        Add lines in one write, and return the reason for each SKU that was left out.

        One by one, hundreds of lines would exceed the rate limit and the request's deadline.
        """
        added = list(line_items)
        for _ in range(MOST_ATTEMPTS - 1):
            try:
                return self._add_to(self.get_cart(), added)
            except UpstreamRefused as refusal:
                if not is_stale(refusal):  # another tab changed the cart at this moment
                    raise
        return self._add_to(self.get_cart(), added)

    def _add_to(self, cart: Cart, line_items: list[SkuQuantity]) -> dict[str, str]:
        before = {line.sku: line.quantity for line in cart.line_items}
        wanted = dict(before)
        for line in line_items:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        refused: dict[str, str] = {}
        for _ in range(MOST_ATTEMPTS):
            try:
                self.replace([SkuQuantity(sku, wanted[sku]) for sku in wanted], tag=cart.tag)
                return refused
            except UpstreamRefused as refusal:
                reasons = by_sku(refusal, list(wanted))
                if not reasons:
                    raise
            refused |= reasons
            as_before = {sku: before[sku] for sku in reasons if wanted[sku] != before.get(sku, wanted[sku])}
            wanted = {sku: quantity for sku, quantity in wanted.items() if sku not in reasons} | as_before
        self.get_cart()
        return refused | dict.fromkeys(wanted.keys() - before.keys(), "The cart did not take it.")


def by_sku(refusal: UpstreamRefused, skus: list[str]) -> dict[str, str]:
    """Return the details of a refusal that concern single lines, by SKU."""
    named = ((re.match(r"/line_items/([0-9]+)/", error.pointer), error.detail) for error in refusal.errors)
    return {skus[int(place[1])]: detail for place, detail in named if place and int(place[1]) < len(skus)}


def _remembered(cart: Cart) -> Cart:
    count = len(cart.line_items)
    if session.get("cart_count") != count:
        session["cart_count"] = count
    return cart


carts = Carts()
