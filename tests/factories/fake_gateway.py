"""The in-memory platform behind a real HTTP server that can lose answers, be busy and end tokens."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.factories.fake_platform import Body, FakePlatform, refused


class FakeGateway:
    """Serves a platform at `url` until stopped."""

    def __init__(self, platform: FakePlatform) -> None:
        class Handler(_Handler):
            served = platform

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    served: FakePlatform

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        is_json = self.headers.get("Content-Type") == "application/json"
        with self.served.lock:
            self.served.requests += 1
            fault = self._fault()
            self.served.on_request(self.served.requests)
            if fault in ("busy", "expired"):
                self._send(
                    *(refused(503, "upstream-busy", fault) if fault == "busy" else refused(401, "unauthorized", fault))
                )
                return
            status, body = self.served.answer(
                self.command,
                address.path.removeprefix("/api/v1"),
                dict(parse_qsl(address.query)),
                json.loads(content) if is_json else content,
                dict(self.headers),
            )
            if fault == "drop":
                self.close_connection = True
                return
            self._send(status, body)

    do_POST = do_PUT = do_GET  # noqa: N815 - names given by http.server

    def _fault(self) -> str | None:
        fault = self.served.faults.get(self.served.requests)
        return None if fault == "expired" and not self._may_expire() else fault

    def _may_expire(self) -> bool:
        """A token expires under a request once; the same request with a new token is not refused again."""
        request = (self.command, self.path, self.headers.get("Idempotency-Key"))
        if "Authorization" not in self.headers or request in self.served.expired_under:
            return False
        self.served.expired_under.add(request)
        return True

    def _send(self, status: int, body: Body) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a test's output is its own."""
