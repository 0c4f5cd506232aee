"""Every page of the admin portal as every role sees it: no link and no form leads to a refusal of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from services.users.people.rules import DEFAULT_ROLES
from shared.portal.gateway import Call
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import STAFF
from tests.portals.pages import Page, Visitor

HELD = {each for permissions in DEFAULT_ROLES.values() for each in permissions if each.endswith(":any")}
ROLES = {
    "merchant_admin": DEFAULT_ROLES["merchant_admin"],
    "sales_rep": DEFAULT_ROLES["sales_rep"],
    **{f"only {permission}": (permission,) for permission in (*sorted(HELD), "products:read", "products:write")},
    "nothing": (),
}
NOT_FOLLOWED = ("/sign-out", "/static/", "/bootstrap/")


@pytest.fixture
def addresses(gateway: FakeGateway, shop) -> list[str]:
    """The addresses of one page of each kind, with orders in every state that allows an action."""
    shop.users["staff@tradepost.example"] = STAFF | {"id": "usr_staff", "email": "staff@tradepost.example"}
    fresh, begun, done = (shop.book.add(("BOLT-M8", 10), ("NUT-M8", 4)) for _ in range(3))
    ship(shop, begun, [{"line_id": "1", "quantity": 3}])
    ship(shop, done, None)
    shop.book.refuse(begun, "capture", "charge_not_capturable")
    shop.people.add("first")
    shop.add_import("imp_dry", "bolts.csv", status="succeeded", is_dry_run=True, rows_read=2, created=2)
    orders = [f"/orders/{order['id']}{mode}" for order in (fresh, begun, done) for mode in ("", "?do=return")]
    lists = ["/", "/orders", "/products", "/products/new", "/currencies", "/imports", "/companies", "/people"]
    return [*lists, *orders, "/products/BOLT-M8", "/imports/imp_dry", "/people?company=com_acme"]


def ship(shop, order: dict[str, Any], lines: list[dict[str, Any]] | None) -> None:
    shop.book.ship(STAFF, Call("POST", "", body={"line_items": lines} if lines else {}), order["id"])


def walked(visitor: Visitor) -> Iterator[Page]:
    """Yield every page that links lead to from the start page."""
    seen, left = {"/admin/"}, ["/admin/"]
    while left:
        page = visitor.get(left.pop())
        yield page
        for link in page.links():
            address = link.partition("#")[0]
            if address.startswith("/admin/") and address not in seen and not urlsplit(address).path.endswith(".csv"):
                seen.add(address)
                left.append(address)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_offers_what_the_api_refuses(admin_app: Flask, gateway: FakeGateway, addresses: list[str], role: str):
    gateway.shop.users["staff@tradepost.example"]["permissions"] = [*ROLES[role]]
    visitor = Visitor(admin_app, "/admin")
    visitor.arrive_signed_in("staff@tradepost.example")

    linked = [*walked(visitor)]
    assert gateway.forbidden == []
    assert [page.response.request.path for page in linked if page.status != 200] == []
    others = [visitor.get(f"/admin{address}") for address in addresses]
    gateway.forbidden.clear()
    for page in [*linked, *others]:
        for form in page.all("form"):
            if form.get("method") == "post" and not form.get("action", "").endswith(NOT_FOLLOWED):
                sent = page.submit(form.get("action", ""))
                asked = [each for each in sent.all("button") if each.get("name") == "confirmed"]
                after = sent.confirm() if asked else sent
                assert (form.get("action"), after.status) != (form.get("action"), 403)
    assert gateway.forbidden == []


def test_a_page_that_a_role_may_not_open_leads_on(admin_app: Flask, gateway: FakeGateway, addresses: list[str]):
    visitor = Visitor(admin_app, "/admin")
    visitor.arrive_signed_in("rep@tradepost.example")

    for address in ("/imports", "/imports/imp_dry", "/people", "/products/new"):
        page = visitor.get(f"/admin{address}")

        assert (page.status, page.heading()) == (403, "You may not do this")
        assert "/admin/" in page.links()
        assert "Ask your administrator" in page.text
    assert gateway.forbidden == []
