"""What a role shows: no page, link or form of the customer portal that the API would refuse to this person."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from services.users.people.rules import DEFAULT_ROLES
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import BUYER
from tests.portals.pages import OWN_SITE, Page, Visitor, _values

FULL = DEFAULT_ROLES["buyer"]
# The roles that every installation has, roles a merchant may make, and every role that lacks one permission.
ROLES: dict[str, tuple[str, ...]] = {
    "buyer": FULL,
    "approver": DEFAULT_ROLES["approver"],
    "viewer": ("products:read", "orders:read", "payments:read", "companies:read", "notifications:read"),
    "catalog only": ("products:read",),
    "nothing": (),
    **{f"without {left_out}": tuple(each for each in FULL if each != left_out) for left_out in FULL},
}
ENDS_THE_WALK = {"/sign-out"}


@pytest.fixture(params=ROLES, ids=str)
def person(request: pytest.FixtureRequest, gateway: FakeGateway, visitor: Visitor) -> Visitor:
    """Somebody of each role, in a shop with products, a cart, orders in several states and a message."""
    shop = gateway.shop
    shop.users["buyer@acme.example"] = BUYER | {"permissions": list(ROLES[request.param])}
    shop.add_product("BOLT-M8")
    shop.add_product("GONE", is_active=False)
    shop.fill_cart(BOLT_M8=2)
    shop.book.add(("BOLT-M8", 2))
    shop.book.add(("BOLT-M8", 2), status="partially_shipped")
    shop.notifications.append(
        {"id": "ntf_1", "kind": "order_confirmed", "subject": "Order SO-000124", "recipient": "buyer@acme.example"}
        | {"status": "sent", "order_id": "ord_124"}
        | {"created_at": "2026-11-24T09:30:00Z", "sent_at": "2026-11-24T09:30:01Z"}
    )
    visitor.arrive_signed_in("buyer@acme.example")
    return visitor


def pages_from(person: Visitor, start: str = "/") -> Iterator[Page]:
    """Walk every link of the portal, each address once."""
    waiting, seen = [start], {start}
    while waiting:
        page = person.get(waiting.pop())
        yield page
        for link in page.links():
            if link.startswith("/") and link not in seen and "cursor" not in link:
                seen.add(link)
                waiting.append(link)


class TestRoles:
    def test_no_page_or_link_is_refused(self, person: Visitor, gateway: FakeGateway):
        for page in pages_from(person):
            assert page.status in (200, 404), (page.response.request.path, page.heading())

        assert [(call.method, call.path) for call in gateway.forbidden] == []

    def test_no_form_is_refused(self, person: Visitor, gateway: FakeGateway):
        sent: set[str] = set()
        for page in [*pages_from(person)]:
            for form in page.all("form"):
                action = urlsplit(form.get("action", "")).path
                if form.get("method") != "post" or action in sent | ENDS_THE_WALK:
                    continue
                sent.add(action)
                answer = person.client.post(action, data=_values(form), headers=OWN_SITE)
                assert answer.status_code in (200, 302, 303, 409, 422), action

        assert [(call.method, call.path) for call in gateway.forbidden] == []

    def test_the_addresses_of_what_is_not_shown_answer_403(self, person: Visitor, gateway: FakeGateway):
        held = gateway.shop.users["buyer@acme.example"]["permissions"]
        pages = {
            "/catalog": "products:read",
            "/cart": "cart:write",
            "/orders": "orders:read",
            "/checkout": "orders:write",
        }
        pages |= {"/orders/ord_124": "orders:read", "/notifications": "notifications:read"}

        for path, permission in pages.items():
            if permission not in held:
                page = person.get(path)
                assert (page.status, page.heading()) == (403, "You may not do this")
                assert "/" in page.links()


def test_a_viewer_sees_orders_and_products_and_no_action(visitor: Visitor, gateway: FakeGateway):
    gateway.shop.users["buyer@acme.example"] = BUYER | {"permissions": list(ROLES["viewer"])}
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.book.add(("BOLT-M8", 2))
    visitor.arrive_signed_in("buyer@acme.example")

    for path in ("/", "/catalog", "/products/BOLT-M8", "/orders", "/orders/ord_124"):
        page = visitor.get(path)
        actions = {form.get("action") for form in page.all("form") if form.get("method") == "post"}
        assert actions <= {"/sign-out"}, path
        assert "Cart" not in page.text


def test_who_may_fill_a_cart_but_not_order_is_told(visitor: Visitor, gateway: FakeGateway):
    held = ROLES["without orders:write"]
    gateway.shop.users["buyer@acme.example"] = BUYER | {"permissions": list(held)}
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.fill_cart(BOLT_M8=2)
    visitor.arrive_signed_in("buyer@acme.example")

    page = visitor.get("/cart")

    assert "Your role may fill a cart but not order it" in page.text
    assert "Check out" not in page.text
