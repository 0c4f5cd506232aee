"""The real transport against a real HTTP server: paths, tokens, keys, files, refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.calls.service_client import UpstreamRefused, UpstreamUnavailable, segment
from shared.observe import tracing
from shared.observe.tracing import Span
from shared.portal.gateway import Call, Upload
from shared.portal.transport import HttpTransport


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent; `/api/v1/refused` is a 409 problem, `/api/v1/sampled` a trace that is sampled."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body.decode()}
        problem = {"type": "/problems/too-late", "detail": "It is shipped", "title": "Too late"}
        is_refused = self.path == "/api/v1/refused"
        content = json.dumps(problem if is_refused else sent).encode()
        self.send_response(409 if is_refused else 200)
        if self.path == "/api/v1/sampled":
            self.send_header("traceresponse", f"{self.headers['traceparent'][:-2]}01")
        self.send_header("Content-Type", "application/problem+json" if is_refused else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class TestHttpTransport:
    def test_sends_path_query_token_and_key(self, address: str):
        call = Call("POST", f"/products/{segment('A/B C')}", query={"q": "x", "cursor": None}, body={"a": 1}, key="k1")

        sent = HttpTransport(address).send(call, "token-1").body

        assert sent["path"] == "/api/v1/products/A%2FB%20C?q=x"
        assert sent["headers"]["Authorization"] == "Bearer token-1"
        assert sent["headers"]["Idempotency-Key"] == "k1"
        assert json.loads(sent["body"]) == {"a": 1}

    def test_sends_no_token_when_nobody_is_signed_in(self, address: str):
        assert "Authorization" not in HttpTransport(address).send(Call("GET", "/x"), None).body["headers"]

    def test_names_the_browser_that_asks_and_not_whom_it_claims_to_be(self, address: str):
        app = Flask("portal")
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
        app.get("/")(lambda: HttpTransport(address).send(Call("POST", "/auth/login", body={}), None).body["headers"])

        sent = app.test_client().get("/", headers={"X-Forwarded-For": "10.20.0.1, 203.0.113.7"}).json

        assert sent is not None
        assert sent["X-Forwarded-For"] == "203.0.113.7"

    def test_names_nobody_outside_a_request(self, address: str):
        assert "X-Forwarded-For" not in HttpTransport(address).send(Call("GET", "/x"), None).body["headers"]

    def test_sends_a_file_as_multipart(self, address: str):
        call = Call("POST", "/products/imports", upload=Upload("c.csv", b"sku,name"))

        sent = HttpTransport(address).send(call, "t").body

        assert sent["headers"]["Content-Type"].startswith("multipart/form-data")
        assert 'name="file"; filename="c.csv"' in sent["body"]
        assert "sku,name" in sent["body"]

    def test_a_refusal_carries_the_problem(self, address: str):
        with pytest.raises(UpstreamRefused) as caught:
            HttpTransport(address).send(Call("GET", "/refused"), "t")

        assert (caught.value.status, caught.value.kind, caught.value.detail) == (409, "too-late", "It is shipped")

    def test_nobody_there_is_an_outage(self):
        with pytest.raises(UpstreamUnavailable):
            HttpTransport("http://127.0.0.1:1").send(Call("GET", "/x"), "t")


def is_page_sampled() -> bool:
    page = tracing.current()
    return page is not None and page.is_sampled


class TestTracing:
    @pytest.fixture
    def spans(self) -> Iterator[list[Span]]:
        told: list[Span] = []
        tracing.export_with(told.append)
        scope = tracing.begin_at_edge(None, None, None)
        yield told
        tracing.end(scope)
        tracing.export_with(None)

    def test_follows_the_gateway_which_decides(self, address: str, spans: list[Span]):
        HttpTransport(address).send(Call("GET", "/sampled"), "t")

        assert is_page_sampled()
        assert [(span.kind, span.name, span.trace.is_sampled) for span in spans] == [("client", "gateway", True)]

    def test_tells_of_nothing_that_the_gateway_does_not_sample(self, address: str, spans: list[Span]):
        HttpTransport(address).send(Call("GET", "/x"), "t")

        assert spans == []
        assert not is_page_sampled()

    @pytest.mark.parametrize("answer", [None, "rubbish", f"00-{'a' * 32}-{'b' * 16}-01"])
    def test_follows_no_decision_about_another_trace(self, spans: list[Span], answer: str | None):
        tracing.follow_decision(answer)

        assert not is_page_sampled()
