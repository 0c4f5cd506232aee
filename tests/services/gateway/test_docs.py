"""The merged description, its page, and the gateway's own health."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from services.gateway.clients.descriptions import FRESH_SECONDS, RETRY_SECONDS, DescriptionCache
from services.gateway.policy import POLICY
from services.gateway.rules.description import Description, merge_descriptions
from shared.base.errors import Unavailable
from shared.base.version import VERSION
from tests.services.gateway.upstreams import answer

Document = dict[str, Any]


def schema(name: str, **properties: object) -> Document:
    return {name: {"type": "object", "properties": properties}}


def operation(reference: str) -> Document:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{reference}"}}}
    return {"responses": {"200": {"description": "OK", "content": content}}}


def document(paths: Document, **schemas: object) -> Document:
    info = {"title": "One", "version": "v1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


PRODUCTS = document(
    {"/v1/products": {"get": operation("Page")}, "/internal/v1/prices": {"post": operation("Secret")}},
    **schema("Page", items={"$ref": "#/components/schemas/Line"}),
    **schema("Line", sku={"type": "string"}),
    **schema("Money", amount={"type": "integer"}),
    **schema("Secret", cost={"type": "integer"}),
)
ORDERS = document(
    {
        "/v1/orders": {"get": operation("Page"), "post": operation("Money")},
        "/v1/orders/{id}": {
            "get": operation("Line"),
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        },
    },
    **schema("Page", items={"$ref": "#/components/schemas/Line"}),
    **schema("Line", line_id={"type": "string"}),
    **schema("Money", amount={"type": "integer"}),
)


def described(document_of_service: Document) -> Description:
    return msgspec.convert(document_of_service, Description)


def served(document_of_service: Document):
    return lambda *_: answer(document_of_service)


class TestMerge:
    @pytest.fixture
    def merged(self):
        return merge_descriptions({"products": described(PRODUCTS), "orders": described(ORDERS)}, POLICY, ("users",))

    def test_is_valid_openapi(self, merged):
        validate(merged)

    def test_publishes_public_paths_only(self, merged):
        assert set(merged["paths"]) == {"/api/v1/products", "/api/v1/orders", "/api/v1/orders/{id}"}
        assert "internal" not in json.dumps(merged["paths"])
        assert not any("Secret" in name for name in merged["components"]["schemas"])

    def test_components_that_differ_get_their_services_name(self, merged):
        names = set(merged["components"]["schemas"])
        assert names - {"Problem", "ProblemError"} == {
            *("ProductsPage", "ProductsLine", "OrdersPage", "OrdersLine", "Money"),
        }

    def test_references_follow(self, merged):
        assert merged["components"]["schemas"]["OrdersPage"]["properties"]["items"] == {
            "$ref": "#/components/schemas/OrdersLine"
        }

    def test_operations_tell_their_permission(self, merged):
        published = merged["paths"]["/api/v1/orders"]["post"]
        assert published["x-permission"] == "orders:write"
        assert published["security"] == [{"accessToken": []}]

    def test_names_what_is_missing(self, merged):
        assert merged["x-unavailable"] == ["users"]
        assert "GET /api/v1/me" in merged["x-undocumented"]


class TestCache:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    def test_asks_once_while_fresh(self):
        calls = []

        def fetch():
            calls.append(1)
            return PRODUCTS

        clock = self.Clock()
        cache = DescriptionCache({"products": fetch}, clock=clock)
        cache.read()
        clock.now = FRESH_SECONDS - 1
        cache.read()
        assert len(calls) == 1
        clock.now = FRESH_SECONDS
        cache.read()
        assert len(calls) == 2

    def test_asks_again_soon_after_a_failure_and_keeps_what_it_had(self):
        clock = self.Clock()
        outcomes = iter([Unavailable(), PRODUCTS, Unavailable()])

        def fetch():
            outcome = next(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        cache = DescriptionCache({"products": fetch}, clock=clock)
        assert cache.read().missing == ("products",)
        clock.now = RETRY_SECONDS
        assert cache.read().missing == ()
        clock.now += FRESH_SECONDS
        assert cache.read().by_service == {"products": described(PRODUCTS)}

    @pytest.mark.parametrize("nonsense", [[], "text", {"paths": []}, {}])
    def test_what_is_no_description_is_missing(self, nonsense):
        assert DescriptionCache({"products": lambda: nonsense}).read().missing == ("products",)


class TestDocument:
    def test_is_fetched_from_the_services(self, make_gateway, start_upstream, upstream):
        upstream.respond = lambda *_: answer({}, status="404 Not Found")
        orders, products = start_upstream(served(ORDERS)), start_upstream(served(PRODUCTS))
        client = make_gateway(orders_url=orders.url, products_url=products.url).test_client()

        response = client.get("/docs/openapi.json")

        assert response.status_code == 200
        assert "/api/v1/orders" in response.json["paths"]
        assert response.json["info"]["version"] == VERSION
        assert response.json["x-unavailable"] == ["notifications", "payments", "search", "users"]
        assert orders.last.target == "/openapi.json"
        again = client.get("/docs/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304


class TestPage:
    def test_loads_only_what_is_served_here(self, gateway):
        client = gateway.test_client()
        page = client.get("/docs")

        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert b"https://" not in page.data
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "docs.js", "docs.css"):
            asset = client.get(f"/docs/assets/{name}")
            assert f"/docs/assets/{name}".encode() in page.data
            assert asset.status_code == 200
            asset.close()

    @pytest.mark.parametrize("path", ["/docs", "/docs/openapi.json", "/docs/assets/docs.js", "/health/live"])
    def test_take_no_query(self, gateway, path):
        refused = gateway.test_client().get(f"{path}?format=yaml")

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/format"

    @pytest.mark.parametrize("name", ["index.css", "..%2f..%2fapp.py", "docs.py", "swagger-ui.js"])
    def test_other_files_are_not_served(self, name, gateway):
        assert gateway.test_client().get(f"/docs/assets/{name}").status_code == 404


class TestHealth:
    def test_live_asks_nobody(self, gateway, upstream):
        assert gateway.test_client().get("/health/live").json == {"status": "ok", "service": "gateway"}
        assert upstream.received == []

    def test_ready_reports_every_dependency(self, gateway, upstream):
        response = gateway.test_client().get("/health/ready")

        assert response.status_code == 200
        assert response.json["status"] == "ok"
        names = {"users", "products", "orders", "payments", "search", "notifications", "redis"}
        assert response.json["checks"] == dict.fromkeys(names, "ok")

    def test_many_who_ask_at_once_cost_the_services_one_probe(self, gateway, upstream):
        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda _: gateway.test_client().get("/health/ready").json["status"], range(8)))

        assert answers == ["ok"] * 8
        assert len([each for each in upstream.received if each.target == "/health/ready"]) == 6

    def test_stays_ready_when_parts_are_away(self, make_gateway, start_upstream):
        gone = start_upstream()
        gone.close()
        ill = start_upstream(lambda *_: answer({}, status="503 X"))
        app = make_gateway(orders_url=gone.url, search_url=ill.url, redis_url="redis://127.0.0.1:1/0")

        response = app.test_client().get("/health/ready")

        assert response.status_code == 200
        assert response.json["status"] == "degraded"
        unavailable = {name: state for name, state in response.json["checks"].items() if state != "ok"}
        assert unavailable == {"orders": "unreachable", "search": "degraded", "redis": "unreachable"}

    def test_shows_what_a_service_reports_although_it_answers(self, make_gateway, start_upstream):
        behind = start_upstream(lambda *_: answer({"status": "degraded", "checks": {"events": "the stream is full"}}))

        response = make_gateway(orders_url=behind.url).test_client().get("/health/ready")

        assert response.json["checks"]["orders"] == "degraded"

    def test_metrics_count_requests(self, buyer):
        buyer.get("/api/v1/orders")

        metrics = buyer.get("/metrics").text

        assert 'http_request_duration_seconds_count{method="GET",route="/api/v1/orders",status="200"}' in metrics

    def test_robots_may_read_the_documentation_alone(self, gateway):
        answer = gateway.test_client().get("/robots.txt")

        assert (answer.status_code, answer.text) == (200, "User-agent: *\nDisallow: /api/\n")

    def test_the_front_leads_to_the_documentation(self, gateway):
        response = gateway.test_client().get("/")

        assert (response.status_code, response.headers["Location"]) == (302, "/docs")

    @pytest.mark.parametrize("path", ["/nothing", "/docs/nothing"])
    def test_flask_answers_with_problems_too(self, path, gateway):
        response = gateway.test_client().get(path)

        assert response.status_code == 404
        assert response.content_type == "application/problem+json"
