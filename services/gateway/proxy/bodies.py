"""
Receives a request's whole body before its upstream is called, in memory or in a temporary file.

So limits hold for chunked bodies too, a slow client takes no place in the upstream's bulkhead, and a call on a stale
connection can be sent again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from services.gateway.config import GatewaySettings
from services.gateway.errors import BodyIncomplete, BodyTooLarge, BodyTooSlow
from shared.base.errors import BadRequest
from shared.calls.wire import Body
from shared.web.slow_clients import watch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PIECE_BYTES = 64 * 1024


@contextmanager
def received_body(environ: WSGIEnvironment, limit: int, settings: GatewaySettings) -> Iterator[Body | None]:
    """Yield the request's body, None when it has none; a temporary file lives as long as the block. `limit`: bytes."""
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


def _announced_length(environ: WSGIEnvironment) -> int | None:
    text = environ.get("CONTENT_LENGTH", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("The Content-Length is not a number")
    return int(text)


def _read_small(environ: WSGIEnvironment, length: int, settings: GatewaySettings) -> bytes:
    if not length:
        return b""
    with _arriving(environ, settings.body_idle_seconds, settings.body_idle_seconds):
        body = _read(environ["wsgi.input"], length)
        if len(body) != length:
            raise BodyIncomplete()
    return body


def _spool(environ: WSGIEnvironment, file: IO[bytes], length: int | None, limit: int, settings: GatewaySettings) -> int:
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
    except Exception as failure:  # each server has its own errors for a body with broken framing
        raise BodyIncomplete() from failure


@contextmanager
def _arriving(environ: WSGIEnvironment, idle_seconds: float, total_seconds: float) -> Iterator[None]:
    """Limit each read from the client to `idle_seconds`, and all of them to `total_seconds`."""
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
        return BodyTooLarge("This route accepts no body")
    return BodyTooLarge(f"At most {limit} bytes are accepted", limit_bytes=limit)
