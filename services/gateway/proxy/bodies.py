"""
Takes in a request's body before its upstream hears of it.

Whole first, in memory or in a temporary file: limits hold for chunked bodies too, a slow client occupies no place at
the upstream, and a try on a stale connection can be repeated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from services.gateway.config import GatewaySettings
from services.gateway.errors import BodyIncomplete, BodyTooLarge, BodyTooSlow
from shared.base.errors import BadRequest
from shared.calls.wire import Body
from shared.web.slow_clients import watch

PIECE_BYTES = 64 * 1024
Environ = dict[str, Any]


@contextmanager
def received_body(environ: Environ, limit: int, settings: GatewaySettings) -> Iterator[Body | None]:
    """Hold the request's body, None when it has none, for the time of the block; `limit` is in bytes."""
    length = _announced_length(environ)
    if length is None and "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        yield None if environ["REQUEST_METHOD"] in ("GET", "HEAD") else Body(0)
        return
    if length is not None and length > limit:
        raise _too_large(limit)
    if length is not None and length <= settings.body_memory_bytes:
        yield Body(length, _read_small(environ, length, settings))
        return
    with tempfile.SpooledTemporaryFile(max_size=settings.body_memory_bytes) as file:
        received = _spool(environ, file, length, limit, settings)
        yield Body(received, file=file)


def _announced_length(environ: Environ) -> int | None:
    text = environ.get("CONTENT_LENGTH", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("The Content-Length is not a number")
    return int(text)


def _read_small(environ: Environ, length: int, settings: GatewaySettings) -> bytes:
    if not length:
        return b""
    with _arriving(environ, settings.body_idle_seconds, settings.body_idle_seconds):
        body = _read(environ["wsgi.input"], length)
        if len(body) != length:
            raise BodyIncomplete()
    return body


def _spool(environ: Environ, file: IO[bytes], length: int | None, limit: int, settings: GatewaySettings) -> int:
    received = 0
    with _arriving(environ, settings.body_idle_seconds, settings.body_total_seconds):
        while piece := _read(environ["wsgi.input"], min(PIECE_BYTES, limit + 1 - received)):
            received += len(piece)
            if received > limit:
                raise _too_large(limit)
            file.write(piece)
        if length is not None and received != length:
            raise BodyIncomplete()
    return received


def _read(stream: Any, size: int) -> bytes:
    try:
        return bytes(stream.read(size))
    except TimeoutError as failure:
        raise BodyTooSlow() from failure
    except Exception as failure:  # each server has its own errors for a body that breaks the framing
        raise BodyIncomplete() from failure


@contextmanager
def _arriving(environ: Environ, idle_seconds: float, total_seconds: float) -> Iterator[None]:
    """Let no read from the client take longer than `idle_seconds`, nor all of them longer than `total_seconds`."""
    connection = environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(idle_seconds)
    try:
        with watch.within(connection, total_seconds) as arrival:
            yield
    except BodyTooSlow:
        arrival.stop()
        raise
    except BodyIncomplete as cut:
        raise (BodyTooSlow() if arrival.is_overdue else cut) from cut
    finally:
        connection.settimeout(before)


def _too_large(limit: int) -> BodyTooLarge:
    if not limit:
        return BodyTooLarge("This address takes no body")
    return BodyTooLarge(f"At most {limit} bytes are taken here", limit_bytes=limit)
