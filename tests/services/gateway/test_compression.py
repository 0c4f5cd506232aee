"""gzip at the gateway, and that HEAD says what GET says."""

from __future__ import annotations

import gzip
import json

import pytest

from services.gateway.policy import POLICY
from tests.services.gateway.upstreams import answer

LARGE = {"items": [{"sku": f"BOLT-{number}"} for number in range(200)]}
TAG = '"7-abc.digest"'
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def large(upstream):
    upstream.respond = lambda *_: answer(LARGE, extra=f"ETag: {TAG}\r\n")


class TestCompression:
    @pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "*", "x-gzip", "deflate;q=1, gzip", "*;q=0.1"])
    def test_serves_clients_that_accept_it(self, accepted, buyer, large):
        response = buyer.get("/api/v1/orders", headers={"Accept-Encoding": accepted})

        assert response.headers["Content-Encoding"] == "gzip"
        assert json.loads(gzip.decompress(response.data)) == LARGE
        assert int(response.headers["Content-Length"]) == len(response.data) < 1000
        assert response.headers["Vary"] == "Accept-Encoding"

    @pytest.mark.parametrize(
        "accepted", [None, "", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "identity, gzip;q=0.5", "gzip;q=x", "nonsense"]
    )
    def test_leaves_it_out_for_others_and_says_that_it_varies(self, accepted, buyer, large):
        response = buyer.get("/api/v1/orders", headers={} if accepted is None else {"Accept-Encoding": accepted})

        assert "Content-Encoding" not in response.headers
        assert response.json == LARGE
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["ETag"] == TAG

    def test_leaves_small_answers_as_they_are(self, buyer):
        response = buyer.get("/api/v1/orders", headers=GZIP)

        assert "Content-Encoding" not in response.headers
        assert response.headers["Vary"] == "Accept-Encoding"

    def test_compresses_problems_too(self, buyer, upstream):
        problem = {"status": 422, "errors": [{"pointer": f"/lines/{number}", "detail": "No."} for number in range(99)]}
        kind = "application/problem+json"
        upstream.respond = lambda *_: answer(problem, status="422 Unprocessable Entity", content_type=kind)

        response = buyer.post("/api/v1/orders", json={}, headers=GZIP)

        assert json.loads(gzip.decompress(response.data)) == problem | {"instance": "/api/v1/orders"}
        assert response.status_code == 422

    @pytest.mark.parametrize("kind", ["image/png", "text/event-stream", "application/octet-stream"])
    def test_leaves_other_kinds_as_they_are(self, kind, staff, upstream):
        upstream.respond = lambda *_: answer(b"x" * 2000, content_type=kind)

        response = staff.get("/api/v1/products/imports/imp_1/failed-rows", headers=GZIP)

        assert response.data == b"x" * 2000
        assert "Vary" not in response.headers

    def test_does_not_compress_twice(self, staff, upstream):
        once = gzip.compress(b"x" * 90_000 + bytes(range(256)) * 20)
        upstream.respond = lambda *_: answer(once, content_type="text/csv", extra="Content-Encoding: gzip\r\n")

        assert staff.get("/api/v1/products/imports/imp_1/failed-rows", headers=GZIP).data == once

    def test_compresses_a_file_while_it_is_sent(self, staff, upstream):
        rows = b"".join(b"%d,some name\r\n" % number for number in range(40_000))
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/csv\r\n\r\n"
        upstream.respond = lambda *_: head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(rows), rows)

        response = staff.get("/api/v1/products/imports/imp_1/failed-rows", headers=GZIP, buffered=True)

        assert gzip.decompress(response.data) == rows
        assert "Content-Length" not in response.headers


class TestTags:
    def test_the_compressed_representation_has_its_own(self, buyer, large):
        tag = buyer.get("/api/v1/orders/ord_1", headers=GZIP).headers["ETag"]

        assert tag == '"7-abc.digest+gzip"'
        assert tag != TAG

    def test_both_are_known_to_the_service(self, buyer, upstream):
        upstream.respond = lambda *_: answer(b"", status="304 Not Modified", extra=f"ETag: {TAG}\r\n")

        compressed = buyer.get("/api/v1/orders/ord_1", headers=GZIP | {"If-None-Match": '"7-abc.digest+gzip", "x"'})
        assert upstream.last.header("if-none-match") == f'{TAG}, "x"'
        plain = buyer.get("/api/v1/orders/ord_1", headers=GZIP | {"If-None-Match": TAG})

        assert (compressed.status_code, compressed.data) == (304, b"")
        assert compressed.headers["ETag"] == '"7-abc.digest+gzip"'
        assert plain.headers["ETag"] == TAG
        for response in (compressed, plain):
            assert response.headers["Vary"] == "Accept-Encoding"
            assert "Content-Encoding" not in response.headers
            assert "Content-Length" not in response.headers

    def test_if_match_passes_with_the_tag_of_the_compressed_one(self, staff, upstream):
        staff.patch("/api/v1/products/A", json={}, headers={"If-Match": '"7-abc.digest+gzip"'})

        assert upstream.last.header("if-match") == '"7-abc.digest+gzip"'


class TestHead:
    @pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
    def test_has_the_fields_of_get_and_no_body(self, headers, buyer, large):
        got = buyer.get("/api/v1/orders/ord_1", headers=headers)
        head = buyer.request("HEAD", "/api/v1/orders/ord_1", headers=headers)

        assert head.data == b""
        assert head.status_code == got.status_code
        ignored = {"X-Request-ID", "RateLimit"}
        assert {k: v for k, v in head.headers if k not in ignored} == {k: v for k, v in got.headers if k not in ignored}

    def test_works_on_every_address_that_get_has(self, staff, buyer):
        for route in POLICY:
            if route.method == "GET":
                path = route.path.replace("{sku}", "A%2FB").replace("{", "").replace("}", "")
                client = buyer if path == "/api/v1/cart" else staff
                assert client.request("HEAD", path).status_code == 200, path

    @pytest.mark.parametrize("path", ["/docs", "/docs/openapi.json", "/docs/assets/docs.css", "/health/live", "/"])
    def test_works_on_pages(self, path, gateway):
        client = gateway.test_client()
        head, got = client.head(path, buffered=True), client.get(path, buffered=True)

        assert (head.status_code, head.data) == (got.status_code, b"")
        assert head.headers.get("Content-Length") == got.headers.get("Content-Length")

    @pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/orders/ord_1/shipments", "/nothing", "/docs/nothing"])
    def test_is_refused_like_get(self, path, gateway):
        client = gateway.test_client()
        head, got = client.head(path), client.get(path)

        assert (head.status_code, head.data) == (got.status_code, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert head.headers.get("Allow") == got.headers.get("Allow")


class TestPages:
    def test_documents_and_assets_are_compressed(self, gateway):
        client = gateway.test_client()

        for path in ("/docs/openapi.json", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js"):
            plain, compressed = client.get(path, buffered=True), client.get(path, headers=GZIP, buffered=True)
            assert gzip.decompress(compressed.data) == plain.data, path
            assert plain.headers["Vary"] == compressed.headers["Vary"] == "Accept-Encoding"
            known = client.get(path, headers=GZIP | {"If-None-Match": compressed.headers["ETag"]}, buffered=True)
            assert (known.status_code, known.headers["ETag"]) == (304, compressed.headers["ETag"])
