"""Calls between services over real sockets: what is sent, what comes back, what each fault becomes."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from shared.base import deadline
from shared.base.errors import FieldError
from shared.calls.resilience import resilient
from shared.calls.service_client import ServiceClient, UpstreamRefused, UpstreamUnavailable, segment
from shared.observe import tracing
from tests.shared.faulty_server import FaultyServer, Reply

UNKNOWN: dict[str, int] = {}


class ProductsClient(ServiceClient):
    """The style guide's example, word for word but for the types."""

    service = "products"

    @resilient(timeout=0.3, attempts=2, fallback=UNKNOWN)
    def availability(self, skus: list[str], *, timeout: float) -> dict[str, int]:
        return self.get("/internal/v1/availability", timeout=timeout, sku=skus)

    @resilient(timeout=1.0, attempts=2)
    def reserve(self, order_id: str, line_items: list[dict[str, object]], *, timeout: float) -> None:
        self.post(f"/internal/v1/reservations/{order_id}", {"line_items": line_items}, timeout=timeout)


class WatchedFile(io.BytesIO):
    """A file that notes how much of it was read at once."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.sizes: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.sizes.append(len(piece))
        return piece


@pytest.fixture
def products(server: FaultyServer) -> ProductsClient:
    return ProductsClient(server.url)


class TestRequest:
    def test_sends_json_and_returns_json(self, server, products):
        server.default = Reply(201, {"id": "prod_1"})

        answer = products.post("/v1/products", {"sku": "A", "price": Decimal("2.55")}, idempotency_key="k1")

        assert answer == {"id": "prod_1"}
        request = server.received[0]
        assert (request.method, request.target) == ("POST", "/v1/products")
        assert request.json() == {"sku": "A", "price": "2.55"}
        assert request.headers["content-type"] == "application/json"
        assert request.headers["idempotency-key"] == "k1"

    def test_sends_a_query_and_leaves_none_out(self, server, products):
        products.get("/v1/products", cursor=None, limit=5, sku=["A&B", "ü"])

        assert server.received[0].target == "/v1/products?limit=5&sku=A%26B&sku=%C3%BC"

    def test_keeps_a_sku_within_its_segment(self, server, products):
        products.get(f"/v1/products/{segment('../A/B ?')}")

        assert server.received[0].target == "/v1/products/..%2FA%2FB%20%3F"

    def test_returns_none_for_an_empty_answer(self, server, products):
        server.default = Reply(204, b"")

        assert products.delete("/internal/v1/reservations/ord_1") is None

    def test_gives_status_headers_and_content_on_request(self, server, products):
        server.default = Reply(202, b"%PDF", {"Location": "/v1/imports/1", "Content-Type": "application/pdf"})

        answer = products.request("POST", "/v1/imports")

        assert (answer.status, answer.header("location"), answer.content) == (202, "/v1/imports/1", b"%PDF")

    def test_uploads_a_form_with_a_file(self, server, products):
        products.request("POST", "/v1/imports", {"dry_run": "true"}, files={"file": ("a.csv", b"sku\nA", "text/csv")})

        request = server.received[0]
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\nsku\nA' in request.body
        assert b'name="dry_run"' in request.body

    def test_uploads_a_file_without_reading_it_whole(self, server, products):
        content = b"sku\n" + b"A\n" * 2_000_000
        file = WatchedFile(content)

        products.request("POST", "/v1/imports", files={"file": ("ü.csv", file, "text/csv")})

        assert b"\r\n\r\n" + content + b"\r\n--" in server.received[0].body
        assert max(file.sizes) <= 1024 * 1024

    def test_streams_a_large_response(self, server, products):
        server.default = Reply(200, b"x" * 1_000_000)

        answer = products.request("GET", "/v1/imports", is_streamed=True)

        assert answer.content == b""
        assert sum(map(len, answer)) == 1_000_000
        answer.close()

    def test_streams_a_large_body_as_it_is(self, server, products):
        content = b"sku\n" + b"A\n" * 200_000

        products.request("POST", "/v1/imports", io.BytesIO(content), content_type="text/csv")

        assert server.received[0].body == content
        assert server.received[0].headers["content-type"] == "text/csv"

    def test_keeps_the_path_of_the_base_address(self, server):
        client = ServiceClient(server.url + "/psp-sandbox/", service="psp")
        client.get("/v1/balance")

        assert server.received[0].target == "/psp-sandbox/v1/balance"

    def test_uses_one_connection_again_and_again(self, server, products):
        for _ in range(5):
            products.get("/v1/products")

        assert server.connections == 1

    @pytest.mark.parametrize("url", ["products:8080", "ftp://products", "http://"])
    def test_refuses_an_address_that_is_none(self, url):
        with pytest.raises(ValueError, match="not an http"):
            ProductsClient(url)


class TestContext:
    def test_carries_request_id_and_trace(self, server, products):
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        with tracing.continued_trace({"request_id": "req_12345678", "traceparent": parent}):
            products.get("/v1/products")

        headers = server.received[0].headers
        assert headers["x-request-id"] == "req_12345678"
        assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
        assert headers["traceparent"].endswith("-01")
        assert "b7ad6b7169203331" not in headers["traceparent"]

    def test_tells_the_upstream_less_time_than_is_left(self, server, products):
        with deadline.start(0.8):
            products.get("/v1/products")
            products.get("/v1/products", timeout=0.2)

        granted = [int(request.headers["x-deadline-ms"]) for request in server.received]
        assert 600 < granted[0] < 800
        assert granted[1] < 200

    def test_does_not_ask_when_time_is_over(self, server, products):
        with deadline.start(0.0), pytest.raises(deadline.DeadlineExceeded):
            products.get("/v1/products")

        assert server.received == []


class TestRefusal:
    def test_carries_the_upstreams_problem(self, server, products):
        server.default = Reply(
            409,
            {
                "type": "/problems/out-of-stock",
                "title": "Not enough stock",
                "status": 409,
                "detail": "2 SKUs",
                "request_id": "req_other",
                "errors": [{"pointer": "/line_items/0", "detail": "only 3"}],
                "shortages": [{"sku": "A", "available": 3}],
            },
        )

        with pytest.raises(UpstreamRefused) as refused:
            products.put("/internal/v1/reservations/ord_1", {"line_items": []})

        problem = refused.value
        assert (problem.status, problem.type, problem.title) == (409, "/problems/out-of-stock", "Not enough stock")
        assert (problem.kind, problem.detail, problem.upstream) == ("out-of-stock", "2 SKUs", "products")
        assert problem.errors == (FieldError("/line_items/0", "only 3"),)
        assert problem.extra == {"shortages": [{"sku": "A", "available": 3}]}
        assert len(server.received) == 1

    @pytest.mark.parametrize(
        ("content", "body"),
        [(b'{"error": {"code": "amount_too_large"}}', {"error": {"code": "amount_too_large"}}), (b"<html>", None)],
    )
    def test_reads_an_error_of_another_shape(self, server, products, content, body):
        server.default = Reply(409, content, {"Content-Type": "application/json"})

        with pytest.raises(UpstreamRefused) as refused:
            products.get("/v1/charges/1")

        assert (refused.value.status, refused.value.body, refused.value.extra) == (409, body, {})
        assert refused.value.type == "/problems/upstream-refused"

    def test_never_opens_the_breaker(self, server, products):
        server.default = Reply(404, {})

        for _ in range(40):
            with pytest.raises(UpstreamRefused):
                products.get("/v1/products/X")

        assert len(server.received) == 40


class TestStyleExample:
    def test_answers(self, server, products):
        server.default = Reply(body={"A": 3})

        assert products.availability(["A"]) == {"A": 3}
        assert server.received[0].target == "/internal/v1/availability?sku=A"

    def test_falls_back_when_products_is_slow(self, server, products):
        server.default = Reply(wait_seconds=0.6)

        assert products.availability(["A"]) is UNKNOWN

    def test_repeats_a_reservation_that_says_it_may_be(self, server, products):
        server.queue = [Reply(500)]

        products.reserve("ord_1", [])

        assert [request.headers.get("x-retried") for request in server.received] == [None, "1"]

    def test_does_not_hide_a_refusal(self, server, products):
        server.default = Reply(422, {})

        with pytest.raises(UpstreamRefused):
            products.availability(["A"])


class TestUnreadableAnswer:
    def test_is_no_answer(self, server, products):
        server.default = Reply(200, b"<html>")

        with pytest.raises(UpstreamUnavailable) as refusal:
            products.get("/v1/products")

        assert refusal.value.reason == "unreadable_answer"
