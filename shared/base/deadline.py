"""The deadline of a request, in a context variable and the header X-Deadline-Ms; it can only be shortened."""

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
# Each hop must answer a little before the deadline of its caller, or the answer comes too late.
HOP_SECONDS = 0.005

_expires_at: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlineExceeded(Unavailable):
    """The deadline has passed: the caller has stopped waiting, so no further work is started."""

    title = "The request timed out"
    meaning = (
        "The time that the caller gave (X-Deadline-Ms), or that the address has, was over before the work was done."
    )
    advice = "Send the request again with the same Idempotency-Key and more time."

    def __init__(self, detail: str = "The deadline of the request has passed") -> None:
        super().__init__(detail, retry_after_seconds=1)


def begin(seconds: float) -> Token[float | None]:
    """Set the deadline to `seconds` from now unless an earlier one is set; `end` takes the returned token."""
    expires_at = time.monotonic() + seconds
    current = _expires_at.get()
    return _expires_at.set(expires_at if current is None else min(current, expires_at))


def end(token: Token[float | None]) -> None:
    """Restore the deadline that was set before `begin`."""
    _expires_at.reset(token)


@contextmanager
def start(seconds: float) -> Iterator[None]:
    """Run the block with a deadline of `seconds` from now; an earlier deadline stays."""
    token = begin(seconds)
    try:
        yield
    finally:
        end(token)


def remaining(default: float) -> float:
    """Return the seconds left, at least 0; `default` without a deadline."""
    expires_at = _expires_at.get()
    if expires_at is None:
        return default
    return max(0.0, expires_at - time.monotonic())


def within(seconds: float) -> float:
    """Return `seconds`, or the time left if that is less."""
    return min(seconds, remaining(seconds))


def expired() -> bool:
    return remaining(1.0) <= 0.0


def check() -> None:
    """Raise DeadlineExceeded when the deadline has passed; call it before expensive work."""
    if expired():
        raise DeadlineExceeded


def parse(value: str | None) -> float | None:
    """
    Return the value of X-Deadline-Ms in seconds, at most LONGEST_SECONDS; None for a missing or malformed value.

    Any client can send the header, so everything but ASCII digits counts as malformed.
    """
    if not value or not value.isascii() or not value.isdigit():
        return None
    if len(value) > 9:
        return LONGEST_SECONDS
    return min(int(value) / 1000, LONGEST_SECONDS)


def header_value(seconds: float) -> str:
    """Return the header value for a call with a timeout of `seconds`: whole milliseconds, at least 1."""
    return str(max(1, int((seconds - HOP_SECONDS) * 1000)))


class Middleware:
    """WSGI middleware that sets the deadline of each request; a request whose deadline has passed is answered 503."""

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
