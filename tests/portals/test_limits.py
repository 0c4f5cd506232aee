"""A portal answers a bounded number of pages per person, and per network of those who are not signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from portals.customer.app import create_app
from portals.customer.config import CustomerSettings
from tests.portals.conftest import ADDRESSES
from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor

BURST = 20
LIMITS = {"person_limit": f"0.01/{BURST}", "visitor_limit": f"0.01/{BURST}"}


@pytest.fixture
def make_portal(redis_url: str, gateway: FakeGateway, hand_clock, compiled) -> Iterator[Callable[..., Flask]]:
    def make(**settings: Any) -> Flask:
        given = CustomerSettings(redis_url=redis_url, service_secret="s" * 32, **ADDRESSES | LIMITS | settings)
        app = create_app(given, transport=gateway, clock=hand_clock)
        app.jinja_env.bytecode_cache = compiled
        return app

    yield make
    with Redis.from_url(redis_url) as store:
        store.delete(*store.keys("limit:customer-*") or ["none"])


def ask(app: Flask, path: str = "/sign-in", *, address: str = "203.0.113.7", **headers: str) -> int:
    return app.test_client().get(path, environ_overrides={"REMOTE_ADDR": address}, headers=headers).status_code


def spend(app: Flask, **whose: str) -> None:
    assert 429 in [ask(app, **whose) for _ in range(BURST + 1)]


class TestVisitors:
    def test_above_the_limit_get_a_page_that_says_when_to_return(self, make_portal):
        visitor = Visitor(make_portal())
        for _ in range(BURST):
            visitor.get("/sign-in")

        refused = visitor.get("/sign-in")
        assert refused.status == 429
        assert int(refused.response.headers["Retry-After"]) > 0
        assert refused.heading() == "Too many requests"

    def test_of_one_network_share_a_limit(self, make_portal):
        app = make_portal()
        spend(app, address="2001:db8:1:2::1")

        assert ask(app, address="2001:db8:1:2:ffff::9") == 429
        assert ask(app, address="2001:db8:1:3::1") == 200

    def test_cannot_name_another_address(self, make_portal):
        app = make_portal()
        spend(app)

        assert ask(app, **{"X-Forwarded-For": "198.51.100.1"}) == 429

    def test_are_those_whom_the_load_balancer_names(self, make_portal):
        app = make_portal(trusted_proxies=("10.20.0.0/16",))
        spend(app, address="10.20.0.9", **{"X-Forwarded-For": "203.0.113.7"})

        assert ask(app, address="10.20.0.8", **{"X-Forwarded-For": "1.1.1.1, 203.0.113.7"}) == 429
        assert ask(app, address="10.20.0.9", **{"X-Forwarded-For": "198.51.100.1"}) == 200

    def test_may_load_assets_and_probes_are_not_counted(self, make_portal):
        app = make_portal()
        spend(app)

        assert ask(app, "/static/portal.css") in {200, 404}
        assert ask(app, "/health/live") == 200


class TestPeople:
    def test_have_a_limit_of_their_own(self, make_portal):
        app = make_portal()
        buyer = Visitor(app)
        buyer.arrive_signed_in("buyer@acme.example")
        spend(app, address="127.0.0.1")
        assert buyer.get("/orders").status == 200

        for _ in range(BURST):
            buyer.get("/orders")
        assert buyer.get("/orders").status == 429
        assert ask(app, address="203.0.113.9") == 200


class TestHosts:
    @pytest.mark.parametrize("host", ["evil.example", "portal.example.evil.example", "a b"])
    def test_that_are_unknown_get_a_page_that_refuses(self, make_portal, host):
        answer = make_portal().test_client().get("/sign-in", headers={"Host": host})

        assert answer.status_code == 400
        assert "We could not read that request" in answer.text

    @pytest.mark.parametrize(
        "host", ["portal.example", "Portal.Example:443", "customer:8080", "127.0.0.1:8081", "shop.example"]
    )
    def test_that_are_known_are_served(self, make_portal, host):
        app = make_portal(allowed_hosts=("shop.example",))

        assert app.test_client().get("/sign-in", headers={"Host": host}).status_code == 200
