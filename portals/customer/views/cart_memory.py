"""What the masthead shows of the cart on every page, kept in the session so that no page asks for it."""

from __future__ import annotations

from typing import Any

from flask import session


def remember_cart(cart: dict[str, Any]) -> None:
    count = len(cart["line_items"])
    if session.get("cart_count") != count:
        session["cart_count"] = count
