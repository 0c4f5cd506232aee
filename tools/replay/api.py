"""The platform's REST API as the replay uses it: keep-alive, retries that repeat nothing, latencies."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import uuid4

import orjson
import urllib3

from tools.replay.timings import Timings

# What may pass when tried again; a 409 counts only with Retry-After, "the same request is in flight".
PASSING = frozenset({429, 502, 503, 504})
MAX_PAUSE_SECONDS = 30.0
MAX_RENEWALS = 2


class Stopped(Exception):
    """The person at the keyboard ended the run; what was done stays done."""


class Unreachable(Exception):
    """The platform did not answer for as long as we were ready to wait."""


class Refused(Exception):
    """The platform said no; `status` and `problem` are its answer."""

    def __init__(self, kind: str, status: int, problem: dict[str, Any]) -> None:
        detail = problem.get("detail") or problem.get("title") or "no reason given"
        super().__init__(f"{kind}: {status} {detail} {problem.get('errors') or ''}".rstrip())
        self.kind, self.status, self.problem = kind, status, problem


class TokenSource(Protocol):
    """The access token of one person, renewed when it expires."""

    def token(self) -> str: ...

    def renew(self, stale: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer; `body` is its JSON, an empty dict when it has none."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Request:
    kind: str
    method: str
    path: str
    content: bytes | None
    headers: dict[str, str]


class Api:
    """
    Calls `/api/v1` of one gateway.

    Every write of the replay is safe to repeat (an idempotency key, a natural key, or an absolute value), so a call
    whose answer got lost is sent again, with the same key, until `patience_seconds` have passed without an answer.
    """

    def __init__(self, gateway: str, *, connections: int = 12, patience_seconds: float = 180.0) -> None:
        self.timings = Timings()
        self.stopping = threading.Event()
        self._base = f"{gateway.rstrip('/')}/api/v1"
        self._patience_seconds = patience_seconds
        self._pool = urllib3.PoolManager(
            num_pools=2, maxsize=connections, timeout=urllib3.Timeout(connect=3.0, read=60.0), retries=False
        )

    def close(self) -> None:
        self._pool.clear()

    def get(self, kind: str, path: str, who: TokenSource) -> dict[str, Any]:
        return self._call(_Request(kind, "GET", path, None, {}), who).body

    def post(
        self, kind: str, path: str, body: dict[str, Any], who: TokenSource | None = None, *, keyed: bool = False
    ) -> Answer:
        """POST a JSON body; `keyed` adds one Idempotency-Key for this call and its retries."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": uuid4().hex} if keyed else {})
        return self._call(_Request(kind, "POST", path, orjson.dumps(body), headers), who)

    def put(self, kind: str, path: str, body: dict[str, Any], who: TokenSource) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        return self._call(_Request(kind, "PUT", path, orjson.dumps(body), headers), who).body

    def upload(self, kind: str, path: str, file: tuple[str, str, str], who: TokenSource) -> dict[str, Any]:
        """POST one file (name, text, media type) as the multipart field `file`."""
        content, content_type = urllib3.encode_multipart_formdata({"file": file})
        return self._call(_Request(kind, "POST", path, content, {"Content-Type": content_type}), who).body

    def pages(self, kind: str, path: str, who: TokenSource, **query: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of every page of a list."""
        cursor: str | None = None
        while True:
            parameters = {"limit": "100"} | query | ({"cursor": cursor} if cursor else {})
            page = self.get(kind, f"{path}?{urlencode(parameters)}", who)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def pause(self, seconds: float) -> None:
        """Sleep, or raise Stopped when the run is being ended."""
        if self.stopping.wait(seconds):
            raise Stopped

    def _call(self, request: _Request, who: TokenSource | None) -> Answer:
        token = who.token() if who else None
        renewals = 0
        give_up_at = time.monotonic() + self._patience_seconds
        for attempt in range(1_000_000):
            response = self._send(request, token)
            if response is not None and response.status < 400:
                return Answer(response.status, orjson.loads(response.data) if response.data else {})
            if response is not None and response.status == 401 and who and token and renewals < MAX_RENEWALS:
                token, renewals = who.renew(token), renewals + 1
                continue
            if response is not None and not _may_pass(response):
                raise Refused(request.kind, response.status, _problem(response))
            if time.monotonic() > give_up_at:
                raise Unreachable(f"{request.kind}: no answer within {self._patience_seconds:.0f} s")
            self.timings.count_retry(f"{response.status}" if response is not None else "no answer")
            self.pause(_pause_seconds(attempt, response))
        raise AssertionError("unreachable: patience ends first")

    def _send(self, request: _Request, token: str | None) -> urllib3.BaseHTTPResponse | None:
        """Return the response, or None when the connection broke before one came."""
        if self.stopping.is_set():
            raise Stopped
        headers = request.headers | ({"Authorization": f"Bearer {token}"} if token else {})
        started = time.perf_counter()
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            response = self._pool.request(
                request.method, self._base + request.path, body=request.content, headers=headers, redirect=False
            )
            self.timings.record(request.kind, time.perf_counter() - started)
            return response
        return None


def _may_pass(response: urllib3.BaseHTTPResponse) -> bool:
    return response.status in PASSING or (response.status == 409 and "Retry-After" in response.headers)


def _pause_seconds(attempt: int, response: urllib3.BaseHTTPResponse | None) -> float:
    """Honour Retry-After; otherwise full jitter under a doubling bound."""
    wait = response.headers.get("Retry-After", "") if response is not None else ""
    if wait.isdigit():
        return min(float(wait) + random.uniform(0, 0.25), MAX_PAUSE_SECONDS)  # noqa: S311 - jitter
    return random.uniform(0.05, min(0.2 * 2 ** min(attempt, 8), MAX_PAUSE_SECONDS))  # noqa: S311 - jitter


def _problem(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        problem = orjson.loads(response.data)
    except orjson.JSONDecodeError:
        return {"detail": f"an answer that is no JSON ({response.headers.get('Content-Type')})"}
    return problem if isinstance(problem, dict) else {"detail": str(problem)}
