"""The time a request still has: it travels in a context variable and a header, and it only ever shrinks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING

from shared.base.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Deadline-Ms"
LONGEST_SECONDS = 60.0
# The caller above stops waiting at its own deadline; a hop must answer a little earlier to be heard.
HOP_SECONDS = 0.005

_expires_at: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlineExceeded(Unavailable):
    """The caller has stopped waiting; work not yet begun is not begun."""

    title = "The time for this request is over"

    def __init__(self, detail: str = "The request ran out of time") -> None:
        super().__init__(detail, retry_after_seconds=1)


def begin(seconds: float) -> Token[float | None]:
    """Give the present context `seconds` at most; a longer deadline than the present one changes nothing."""
    expires_at = time.monotonic() + seconds
    current = _expires_at.get()
    return _expires_at.set(expires_at if current is None else min(current, expires_at))


def end(token: Token[float | None]) -> None:
    """Put back the deadline that stood before `begin`."""
    _expires_at.reset(token)


@contextmanager
def start(seconds: float) -> Iterator[None]:
    """Give the block `seconds` at most; inside a shorter deadline the shorter one stays."""
    token = begin(seconds)
    try:
        yield
    finally:
        end(token)


def remaining(default: float) -> float:
    """Return the seconds left, never below 0; `default` where no deadline was set."""
    expires_at = _expires_at.get()
    if expires_at is None:
        return default
    return max(0.0, expires_at - time.monotonic())


def within(seconds: float) -> float:
    """Return how long something that may take `seconds` may take now."""
    return min(seconds, remaining(seconds))


def expired() -> bool:
    return remaining(1.0) <= 0.0


def check() -> None:
    """Raise DeadlineExceeded when no time is left, before work that nobody would wait for."""
    if expired():
        raise DeadlineExceeded


def parse(value: str | None) -> float | None:
    """
    Return the seconds a header grants, at most LONGEST_SECONDS; None when it says nothing usable.

    The header may come from anybody: what is not a plain run of digits counts as absent.
    """
    if not value or not value.isascii() or not value.isdigit():
        return None
    if len(value) > 9:
        return LONGEST_SECONDS
    return min(int(value) / 1000, LONGEST_SECONDS)


def header_value(seconds: float) -> str:
    """Return what to send to an upstream that is waited for `seconds`: whole milliseconds, at least 1."""
    return str(max(1, int((seconds - HOP_SECONDS) * 1000)))


class Middleware:
    """Sets each request's deadline before the application sees it; one that has passed gets a 503 and no work."""

    def __init__(self, app: WSGIApplication, *, default_seconds: float = 10.0) -> None:
        self._app = app
        self._default_seconds = default_seconds

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        granted = parse(environ.get("HTTP_X_DEADLINE_MS"))
        if granted is not None and granted <= 0:
            return _refuse(start_response)
        token = begin(self._default_seconds if granted is None else granted)
        try:
            return self._app(environ, start_response)
        finally:
            end(token)


def _refuse(start_response: StartResponse) -> list[bytes]:
    refusal = DeadlineExceeded()
    document = {"type": refusal.type, "title": refusal.title, "status": refusal.status, "detail": refusal.detail}
    body = json.dumps(document).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    start_response("503 Service Unavailable", headers + list(refusal.headers.items()))
    return [body]
