"""The card processor's double and a receiver of its webhooks, each on a real port of this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tools.psp_sandbox.app import create_app
from tools.psp_sandbox.config import SandboxSettings
from tools.psp_sandbox.state import EXTENSION

API_KEY = "sk_test_of_this_suite"
WEBHOOK_SECRET = "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldC1mb3ItdGVzdHM="


class QuietRequestHandler(WSGIRequestHandler):
    """Serves without a log line per request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        return


class RunningServer:
    """A WSGI application on a free port of 127.0.0.1, until `stop()`."""

    def __init__(self, app: Flask) -> None:
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, app, threaded=True, request_handler=QuietRequestHandler
        )
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()


class Sandbox:
    """A running sandbox and a client of its REST API."""

    def __init__(self, state_dir: Path, webhook_url: str, *, webhook_delay_seconds: float = 0.0) -> None:
        self.settings = SandboxSettings(
            api_key=API_KEY,
            webhook_secret=WEBHOOK_SECRET,
            webhook_url=webhook_url,
            state_dir=state_dir,
            public_url="http://127.0.0.1:8084",
            webhook_delay_seconds=webhook_delay_seconds,
        )
        self.app = create_app(self.settings)
        self._server = RunningServer(self.app)
        self.url = self._server.url
        self._http = urllib3.PoolManager(retries=False, timeout=5)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str = "", api_key: str = API_KEY
    ) -> tuple[int, dict[str, Any]]:
        """One call of the API under its prefix; returns the status and the decoded body ({} when empty)."""
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        url = f"{self.url}/psp-sandbox/v1{path}"
        encoded = None if body is None else json.dumps(body)
        response = self._http.request(method, url, body=encoded, headers=headers)
        return response.status, json.loads(response.data) if response.data else {}

    def arm(self, operation: str, kind: str, *, seconds: float = 1, times: int = 1) -> None:
        """Arm a fault."""
        status, _ = self.call(
            "POST", "/faults", {"operation": operation, "kind": kind, "seconds": seconds, "times": times}
        )
        assert status == 201

    def charges_of(self, reference: str) -> list[dict[str, Any]]:
        """The charges the processor knows for a reference."""
        return self.call("GET", f"/charges?reference={reference}")[1]["items"]

    def stop(self) -> None:
        """Stop the server, the sender and the state."""
        self._server.stop()
        self.app.extensions[EXTENSION].close()
        self._http.clear()


class WebhookReceiver:
    """
    Records every webhook it gets and answers with the next of `statuses` (204 once they are used up).

    With `forward` it hands each on and answers with the status that this returns.
    """

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []
        self.forward: Callable[[dict[str, str], str], int] | None = None
        app = Flask("webhook-receiver")
        app.add_url_rule("/webhooks", view_func=self._receive, methods=["POST"])
        self._server = RunningServer(app)
        self.url = f"{self._server.url}/webhooks"

    def bodies(self) -> list[dict[str, Any]]:
        """What was received, decoded, in order."""
        return [json.loads(body) for _, body in self.received]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The bodies once `count` have arrived."""
        wait_until(lambda: len(self.received) >= count)
        return self.bodies()

    def stop(self) -> None:
        """Stop receiving."""
        self._server.stop()

    def _receive(self) -> Response:
        webhook = (dict(request.headers), request.get_data(as_text=True))
        self.received.append(webhook)
        if self.forward is not None:
            return Response(status=self.forward(*webhook))
        return Response(status=self.statuses.pop(0) if self.statuses else 204)


@contextmanager
def running_sandbox(state_dir: Path, webhook_url: str, **options: float) -> Iterator[Sandbox]:
    """A sandbox for the length of a block."""
    sandbox = Sandbox(state_dir, webhook_url, **options)
    try:
        yield sandbox
    finally:
        sandbox.stop()


def wait_until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Poll until the condition holds; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
