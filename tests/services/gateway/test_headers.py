"""Which header fields pass, in both directions."""

from __future__ import annotations

import pytest

from tests.services.gateway.upstreams import answer

FORGED = {
    "X-User-Id": "usr_admin",
    "X_User_Id": "usr_admin",
    "X-User-Email": "admin@tradepost.example",
    "X-Company-Id": "cmp_other",
    "X-On-Behalf-Of": "token",
    "X-Internal-Token": "1",
    "Forwarded": "for=10.0.0.1;host=evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/internal",
    "X-Forwarded-Port": "1",
    "X-Real-IP": "10.0.0.1",
    "X-Original-URL": "/internal/v1/prices",
    "X-Rewrite-URL": "/internal/v1/prices",
    "X-HTTP-Method-Override": "DELETE",
    "Proxy-Authorization": "Basic x",
    "Proxy-Connection": "close",
    "Cookie": "__Host-admin=session",
    "TE": "trailers",
    "Trailer": "X-User-Id",
    "Upgrade": "h2c",
    "Keep-Alive": "timeout=600",
    "X-Retried": "1",
}


class TestTowardsTheUpstream:
    @pytest.mark.parametrize("name", FORGED)
    def test_forged_and_hop_by_hop_fields_stay_behind(self, name, buyer, upstream):
        buyer.get("/api/v1/orders", headers={name: FORGED[name]})

        assert upstream.last.header(name.lower().replace("_", "-")) is None

    def test_fields_named_by_connection_stay_behind(self, buyer, upstream):
        buyer.get("/api/v1/orders", headers={"Connection": "keep-alive, X-Secret", "X-Secret": "1", "X-Kept": "2"})

        assert upstream.last.header("x-secret") is None
        assert upstream.last.header("connection") is None
        assert upstream.last.header("x-kept") == "2"

    def test_connection_cannot_name_the_gateways_own_fields_away(self, buyer, upstream):
        buyer.get("/api/v1/orders", headers={"Connection": "X-Forwarded-For, X-Deadline-Ms, X-Request-ID"})

        for name in ("x-forwarded-for", "x-deadline-ms", "x-request-id"):
            assert upstream.last.header(name)

    def test_forwarded_for_is_the_peer_and_not_what_it_claims(self, buyer, upstream):
        buyer.get("/api/v1/orders", headers={"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "https"})

        assert upstream.last.all("x-forwarded-for") == ["127.0.0.1"]
        assert upstream.last.all("x-forwarded-proto") == ["http"]

    def test_trusted_proxies_may_say_for_whom_they_ask(self, make_gateway, api, upstream):
        client = api(make_gateway(trusted_proxies=("127.0.0.0/8", "10.0.0.0/8")))

        client.get("/api/v1/orders", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.7, 10.0.0.9"})

        assert upstream.last.all("x-forwarded-for") == ["203.0.113.7"]

    def test_identity_and_content_pass(self, buyer, upstream):
        buyer.post("/api/v1/orders", json={}, headers={"Idempotency-Key": "key-1", "If-Match": '"3"', "Accept": "a/b"})

        assert upstream.last.header("authorization").startswith("Bearer ")
        assert upstream.last.header("idempotency-key") == "key-1"
        assert upstream.last.header("if-match") == '"3"'
        assert upstream.last.header("content-type") == "application/json"
        assert upstream.last.header("host").startswith("127.0.0.1:")

    def test_request_id_and_trace_are_carried_through(self, buyer, upstream):
        trace = "0af7651916cd43dd8448eb211c80319c"
        headers = {"X-Request-ID": "req-from-client", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}

        response = buyer.get("/api/v1/orders", headers=headers)

        assert upstream.last.all("x-request-id") == ["req-from-client"] == response.headers.getlist("X-Request-ID")
        assert upstream.last.header("traceparent").startswith(f"00-{trace}-")
        assert upstream.last.header("traceparent") != headers["traceparent"]

    def test_unsafe_request_id_is_replaced(self, buyer, upstream):
        buyer.get("/api/v1/orders", headers={"X-Request-ID": "<script>", "traceparent": "nonsense"})

        assert upstream.last.header("x-request-id").startswith("req_")
        assert len(upstream.last.header("traceparent")) == 55

    @pytest.mark.parametrize(("sent", "at_most"), [(None, 5000), ("999999999", 5000), ("200", 200), ("-5", 5000)])
    def test_deadline_only_shrinks(self, sent, at_most, buyer, upstream):
        buyer.get("/api/v1/orders", headers={"X-Deadline-Ms": sent} if sent else {})

        (granted,) = upstream.last.all("x-deadline-ms")
        assert 0 < int(granted) <= at_most

    def test_nothing_is_begun_when_no_time_is_left(self, buyer, upstream):
        response = buyer.get("/api/v1/orders", headers={"X-Deadline-Ms": "0"})

        assert response.status_code == 504
        assert upstream.received == []


class TestTowardsTheClient:
    def test_private_answers_are_neither_stored_nor_sniffed(self, buyer):
        response = buyer.get("/api/v1/orders")

        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]

    def test_upstream_may_say_how_to_cache(self, buyer, upstream):
        upstream.respond = lambda *_: answer({}, extra='Cache-Control: private, max-age=5\r\nETag: "1"\r\n')

        response = buyer.get("/api/v1/products")

        assert response.headers.getlist("Cache-Control") == ["private, max-age=5"]
        assert response.headers["ETag"] == '"1"'

    def test_upstreams_own_server_fields_stay_behind(self, buyer, upstream):
        extra = "Server: gunicorn\r\nX-Powered-By: x\r\nKeep-Alive: timeout=5\r\nAccess-Control-Allow-Origin: *\r\n"
        upstream.respond = lambda *_: answer({}, extra=extra)

        response = buyer.get("/api/v1/products")

        for name in ("Server", "X-Powered-By", "Keep-Alive", "Access-Control-Allow-Origin"):
            assert name not in response.headers

    @pytest.mark.parametrize(
        ("written", "seen"),
        [
            ("/v1/products/imports/imp_1", "/api/v1/products/imports/imp_1"),
            ("http://products:8080/v1/products/imports/imp_1", "/api/v1/products/imports/imp_1"),
            ("https://pay.example/page", "https://pay.example/page"),
            ("https://pay.example/v1/page", "https://pay.example/v1/page"),
        ],
    )
    def test_location_is_the_public_one(self, written, seen, staff, upstream):
        upstream.respond = lambda *_: answer({}, status="202 Accepted", extra=f"Location: {written}\r\n")

        assert staff.post("/api/v1/products/imports", data=b"x").headers["Location"] == seen

    def test_says_which_token_is_missing_invalid_or_too_weak(self, api, gateway, tokens):
        anonymous, weak = api(gateway, role=None), api(gateway, role="nobody")
        missing = anonymous.get("/api/v1/orders")
        invalid = anonymous.get("/api/v1/orders", headers={"Authorization": "Bearer no.token.here"})
        refused = weak.get("/api/v1/orders")

        assert missing.headers["WWW-Authenticate"] == 'Bearer realm="tradepost"'
        assert invalid.status_code == 401
        assert invalid.headers["WWW-Authenticate"].startswith('Bearer realm="tradepost", error="invalid_token", ')
        scope = 'error="insufficient_scope", scope="orders:read"'
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (403, f'Bearer realm="tradepost", {scope}')

    def test_repeated_fields_stay_repeated(self, buyer, upstream):
        upstream.respond = lambda *_: answer({}, extra="Link: <a>\r\nLink: <b>\r\n")

        assert buyer.get("/api/v1/products").headers.getlist("Link") == ["<a>", "<b>"]


class TestCors:
    ORIGIN = "https://shop.example"

    def test_is_denied_by_default(self, buyer):
        response = buyer.get("/api/v1/orders", headers={"Origin": self.ORIGIN})
        preflight = buyer.request("OPTIONS", "/api/v1/orders", headers={"Origin": self.ORIGIN})

        assert not [name for name, _ in [*response.headers, *preflight.headers] if name.startswith("Access-Control")]

    def test_opens_to_an_allowed_origin(self, make_gateway, api):
        client = api(make_gateway(cors_origins=(self.ORIGIN,)))

        response = client.get("/api/v1/orders", headers={"Origin": self.ORIGIN})
        preflight = client.request("OPTIONS", "/api/v1/orders", headers={"Origin": self.ORIGIN})

        assert response.headers["Access-Control-Allow-Origin"] == self.ORIGIN
        assert response.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert preflight.status_code == 204
        assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"

    @pytest.mark.parametrize(
        "origin", ["null", "http://shop.example", "https://shop.example.evil", "https://xshop.example"]
    )
    def test_stays_closed_to_look_alikes(self, origin, make_gateway, api):
        client = api(make_gateway(cors_origins=(self.ORIGIN,)))

        response = client.get("/api/v1/orders", headers={"Origin": origin})

        assert "Access-Control-Allow-Origin" not in response.headers
