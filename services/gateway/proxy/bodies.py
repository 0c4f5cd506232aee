"""
Gives a request's whole body to the upstream's call, in memory or in a temporary file.

So limits hold for chunked bodies too, and a call on a stale connection can be sent again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from services.gateway.config import GatewaySettings
from shared.base.errors import BadRequest
from shared.calls.wire import Body
from shared.web.arrivals import BodyIncomplete, BodyTooLarge

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
        yield Body(length, _read_small(environ, length))
        return
    with tempfile.SpooledTemporaryFile(max_size=settings.body_memory_bytes) as file:
        received = _spool(environ, file, length, limit)
        yield Body(received, file=file)


def _announced_length(environ: WSGIEnvironment) -> int | None:
    text = environ.get("CONTENT_LENGTH", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("The Content-Length is not a number")
    return int(text)


def _read_small(environ: WSGIEnvironment, length: int) -> bytes:
    body = _read(environ["wsgi.input"], length) if length else b""
    if len(body) != length:
        raise BodyIncomplete()
    return body


def _spool(environ: WSGIEnvironment, file: IO[bytes], length: int | None, limit: int) -> int:
    received = 0
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
    except Exception as failure:  # each server has its own errors for a body with broken framing
        raise BodyIncomplete() from failure


def _too_large(limit: int) -> BodyTooLarge:
    if not limit:
        return BodyTooLarge("This route accepts no body")
    return BodyTooLarge(f"At most {limit} bytes are accepted", limit_bytes=limit)
