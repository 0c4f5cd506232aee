"""HEAD and prefetches of every page of both portals: they read, and change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor

OPEN = {"/sign-in", "/invitations/secret"}
BUILT_BY_NONE = {"static", "bootstrap.static", "live", "ready", "metrics"}
PARTS = {"order_id": "ord_124", "sku": "BOLT-M8", "token": "secret", "import_id": "imp_1", "attempt_id": "a" * 32}


def pages_of(app: Flask, base: str) -> Iterator[str]:
    """Return an address of every page of a portal."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in BUILT_BY_NONE:
            yield base + adapter.build(rule.endpoint, {name: PARTS[name] for name in rule.arguments})


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.fill_cart(BOLT_M8=2)
    gateway.shop.book.add(("BOLT-M8", 2))
    gateway.shop.people.add("secret")
    gateway.shop.add_import("imp_1", "bolts.csv", status="succeeded")
    return gateway.shop


@pytest.fixture(params=["customer", "admin"])
def signed_in(request: pytest.FixtureRequest) -> tuple[Visitor, str]:
    """A person at each portal, and where its pages begin."""
    is_admin = request.param == "admin"
    return request.getfixturevalue("staff" if is_admin else "buyer"), "/admin" if is_admin else ""


class TestReading:
    def test_head_of_any_page_writes_nothing(self, signed_in, shop, gateway: FakeGateway, redis_url: str):
        visitor, base = signed_in
        stored = _stored(redis_url)
        gateway.calls.clear()

        for path in pages_of(visitor.app, base):
            answer = visitor.client.head(f"{path}?token=tok_ok")
            assert answer.status_code < 500, path
            assert answer.headers.getlist("Set-Cookie") == [], path

        written = {(call.method, call.path) for call in gateway.calls if call.method != "GET"}
        assert written <= {("POST", "/invitations/lookup")}
        assert _stored(redis_url) == stored

    def test_a_prefetch_of_any_page_asks_the_gateway_nothing(self, signed_in, shop, gateway: FakeGateway):
        visitor, base = signed_in
        gateway.calls.clear()

        for path in pages_of(visitor.app, base):
            for name, value in (("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch"), ("X-Moz", "prefetch")):
                answer = visitor.client.get(f"{path}?token=tok_ok", headers={name: value})
                assert (answer.status_code, answer.data) == (425, b""), path
                assert answer.headers.getlist("Set-Cookie") == [], path

        assert gateway.calls == []

    def test_head_of_the_sign_in_is_no_try_to_sign_in(self, visitor: Visitor, gateway: FakeGateway):
        answer = visitor.client.head("/sign-in", query_string={"email": "buyer@acme.example", "password": "x"})

        assert answer.status_code == 200
        assert gateway.calls == []

    def test_head_of_an_invitation_does_not_accept_it(self, visitor: Visitor, shop, gateway: FakeGateway):
        assert visitor.client.head("/invitations/secret?name=Nia&password=a-long-password").status_code == 200
        assert shop.people.passwords == {}

    def test_head_of_the_way_back_from_the_card_page_leaves_the_payment_open(self, buyer: Visitor, shop):
        page = buyer.get("/checkout")
        form = {field.get("name"): field.get("value") for field in page.form("/checkout").iter("input")}
        back = buyer.send("/checkout", form).headers["Location"].partition("return_url=")[2]
        back = f"{back.removeprefix('http://portal.example')}&token=tok_ok"

        assert buyer.client.head(back).status_code == 204
        assert len(shop.book.orders) == 1
        assert buyer.get(back).heading() == "Order SO-000125"

    def test_a_message_is_not_lost_to_a_head(self, buyer: Visitor, shop):
        buyer.get("/products/BOLT-M8").submit("/cart/items")
        page = buyer.get("/products/BOLT-M8")
        buyer.send("/cart/items", {**_form(page), "quantity": "3"})
        buyer.client.head("/cart")

        assert "3 units of BOLT-M8 added" in buyer.get("/cart").text

    def test_scripts_and_styles_may_be_prefetched(self, visitor: Visitor):
        with visitor.client.get("/static/theme.css", headers={"Sec-Purpose": "prefetch"}) as answer:
            assert answer.status_code == 200


def _form(page) -> dict[str, str]:
    return {field.get("name"): field.get("value", "") for field in page.form("/cart/items").iter("input")}


def _stored(redis_url: str) -> dict[bytes, object]:
    with Redis.from_url(redis_url) as redis:
        return {key: redis.hgetall(key) for key in redis.keys("session:*")}
