"""Walks the policy table: every row is complete, protected and reaches the upstream it names."""

from __future__ import annotations

import re

import pytest

from services.gateway.policy import POLICY, Access, Criticality, RateClass, Route

PERMISSION = re.compile(r"[a-z]+:[a-z_]+")
EXAMPLES = {"sku": "BOLT-M8", "psp": "sandbox"}


def example(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: EXAMPLES.get(match[1], "id_01"), path)


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", POLICY, ids=label)
class TestEveryRow:
    def test_says_all_that_the_gateway_must_decide(self, route):
        assert isinstance(route.access, Access) or PERMISSION.fullmatch(route.access)
        assert isinstance(route.rate_class, RateClass)
        assert isinstance(route.criticality, Criticality)
        assert 0 < route.timeout_seconds <= 15
        assert (route.body_limit > 0) == (route.method != "GET")
        assert "internal" not in route.path
        assert route.path == "/.well-known/jwks.json" or route.path.startswith("/api/v1/")

    def test_reaches_its_upstream_with_the_right_token(self, route, api, gateway, upstream, tokens):
        scope = route.access if isinstance(route.access, str) else ""
        client = api(gateway, role=None) if route.is_public else api(gateway, scope=scope)

        response = client.request(route.method, example(route.path))

        assert response.status_code == 200
        assert (upstream.last.method, upstream.last.target) == (route.method, example(route.upstream_path))

    def test_lets_nobody_past_its_protection(self, route, api, gateway, upstream):
        if route.is_public:
            return
        assert api(gateway, role=None).request(route.method, example(route.path)).status_code == 401
        refused = api(gateway, role="nobody").request(route.method, example(route.path))

        assert refused.status_code == (200 if route.access is Access.SIGNED_IN else 403)
        assert api(gateway, service="orders").request(route.method, example(route.path)).status_code in (401, 403)
        assert len(upstream.received) == (1 if route.access is Access.SIGNED_IN else 0)

    def test_takes_no_other_method(self, route, staff, upstream):
        taken = {each.method for each in POLICY if each.path == route.path}
        other = next(method for method in ("DELETE", "PATCH", "PUT") if method not in taken)
        response = staff.request(other, example(route.path))

        assert response.status_code == 405
        assert route.method in response.headers["Allow"].split(", ")
        assert response.json["type"] == "/problems/method-not-allowed"
        assert upstream.received == []


class TestTable:
    def test_names_no_route_twice(self):
        rows = [(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in POLICY]
        assert len(rows) == len(set(rows))

    def test_leaves_only_sign_in_invitations_keys_and_webhooks_public(self):
        public = {route.path for route in POLICY if route.is_public}
        assert public == {
            "/.well-known/jwks.json",
            "/api/v1/auth/login",
            "/api/v1/auth/refresh",
            "/api/v1/auth/logout",
            "/api/v1/invitations/lookup",
            "/api/v1/invitations/acceptance",
            "/api/v1/webhooks/{psp}",
        }

    def test_counts_strictly_where_secrets_could_be_guessed(self):
        assert [route.path for route in POLICY if route.rate_class is RateClass.LOGIN] == [
            "/api/v1/auth/login",
            "/api/v1/invitations/lookup",
            "/api/v1/invitations/acceptance",
        ]

    def test_answers_head_where_it_answers_get(self, buyer, upstream):
        response = buyer.request("HEAD", "/api/v1/products/BOLT-M8")

        assert response.status_code == 200
        assert response.data == b""
        assert response.headers["Content-Length"] == str(len(buyer.get("/api/v1/products/BOLT-M8").data))

    def test_tells_the_methods_of_an_address(self, buyer, upstream):
        response = buyer.request("OPTIONS", "/api/v1/orders")

        assert response.status_code == 204
        assert response.headers["Allow"] == "GET, HEAD, POST"
        assert upstream.received == []
