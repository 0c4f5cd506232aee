"""As whom a service calls: one token per audience, fetched once, renewed in time."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from flask import Flask, g

from shared.calls.identity import ServiceIdentity
from shared.calls.service_client import ServiceClient, UpstreamRefused, UpstreamUnavailable
from tests.shared.faulty_server import FaultyServer, Received, Reply
from tests.shared.upstreams import Ticker


@pytest.fixture
def users(start_server) -> FaultyServer:
    """A users service that numbers the tokens it gives out."""
    users = start_server()
    users.default = lambda request: Reply(
        body={"access_token": f"{request.json()['audience']}-{len(users.received)}", "expires_in": 600}
    )
    return users


@pytest.fixture
def identity(users: FaultyServer, ticker: Ticker) -> ServiceIdentity:
    return ServiceIdentity(users.url, "orders", "s3cret", clock=ticker)


def authorization(identity: ServiceIdentity, audience: str = "products") -> str:
    return identity.headers(audience)["Authorization"]


class TestServiceIdentity:
    def test_fetches_a_token_per_audience_and_keeps_it(self, users, identity):
        seen = [authorization(identity, audience) for audience in ("products", "payments", "products")]

        assert seen == ["Bearer products-1", "Bearer payments-2", "Bearer products-1"]
        assert users.received[0].target == "/internal/v1/service-tokens"
        assert users.received[0].json() == {"service": "orders", "secret": "s3cret", "audience": "products"}

    def test_renews_before_it_runs_out(self, users, identity, ticker):
        authorization(identity)
        ticker.advance(479)
        assert authorization(identity) == "Bearer products-1"
        ticker.advance(2)

        assert authorization(identity) == "Bearer products-2"

    def test_goes_on_with_the_old_one_while_users_is_away(self, users, identity, ticker):
        authorization(identity)
        users.default = Reply(500)
        ticker.advance(500)

        assert authorization(identity) == "Bearer products-1"
        ticker.advance(100)
        with pytest.raises(UpstreamUnavailable) as refusal:
            authorization(identity)
        assert refusal.value.upstream == "users"

    def test_fetches_once_for_many_threads(self, users, identity):
        answer = users.default
        users.default = lambda request: Reply(body=answer(request).body, wait_seconds=0.1)
        seen: list[str] = []
        threads = [threading.Thread(target=lambda: seen.append(authorization(identity))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert seen == ["Bearer products-1"] * 12
        assert len(users.received) == 1

    def test_says_unavailable_when_its_secret_is_refused(self, users, identity):
        users.default = Reply(401, {})

        with pytest.raises(UpstreamUnavailable) as refusal:
            authorization(identity)

        assert refusal.value.reason == "identity_refused"

    def test_fetches_anew_once_when_the_upstream_refuses_its_token(self, users, identity, ticker, server):
        def accept_second(request: Received) -> Reply:
            return Reply(200 if request.headers["authorization"] == "Bearer products-2" else 401, {"ok": True})

        products = ServiceClient(server.url, identity=identity, service="products")
        authorization(identity)
        ticker.advance(60)
        server.default = accept_second

        assert products.post("/v1/x") == {"ok": True}
        server.default = Reply(401, {})
        with pytest.raises(UpstreamRefused):
            products.post("/v1/x")
        assert len(users.received) == 2


class TestOnBehalfOf:
    def headers(self, identity: ServiceIdentity, principal: object, **sent: str) -> dict[str, str]:
        with Flask("orders").test_request_context(headers=sent):
            if principal is not None:
                g.principal, g.access_token = principal, "token-of-caller"
            return identity.headers("products")

    def test_names_the_user_of_the_request(self, identity):
        headers = self.headers(identity, SimpleNamespace(service=None))

        assert headers["X-On-Behalf-Of"] == "token-of-caller"
        assert headers["Authorization"] == "Bearer products-1"

    def test_passes_on_the_user_a_service_named(self, identity):
        headers = self.headers(identity, SimpleNamespace(service="orders"), **{"X-On-Behalf-Of": "token-of-user"})

        assert headers["X-On-Behalf-Of"] == "token-of-user"

    def test_never_passes_on_a_services_own_token(self, identity):
        assert "X-On-Behalf-Of" not in self.headers(identity, SimpleNamespace(service="orders"))

    def test_names_nobody_without_a_request(self, identity):
        assert "X-On-Behalf-Of" not in self.headers(identity, None)
        assert "X-On-Behalf-Of" not in identity.headers("products")


class TestNobody:
    def test_sees_that_a_sign_in_is_asked_for(self, server):
        server.default = Reply(401, {"type": "/problems/unauthorized"}, {"WWW-Authenticate": "Bearer"})

        with pytest.raises(UpstreamRefused) as refusal:
            ServiceClient(server.url, service="gateway").get("/api/v1/me")

        assert (refusal.value.status, refusal.value.headers) == (401, {"WWW-Authenticate": "Bearer"})
        assert len(server.received) == 1
