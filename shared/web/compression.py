"""gzip for answers of 1 KiB and more, for clients that accept it (docs/adr/0040)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from flask import Flask, Response, request
from werkzeug.http import parse_accept_header

LEAST_BYTES = 1024
# Level 1 takes a third of the time of level 6 for a tenth more bytes; immutable files are compressed once.
LEVEL = 1
BEST_LEVEL = 9
GZIP_WINDOW = 31
# What follows the tag of a representation that is compressed: no tag of ours holds a plus sign.
TAG_SUFFIX = '+gzip"'
_KINDS = frozenset({"application/json", "application/problem+json", "application/javascript", "image/svg+xml"})


@lru_cache(maxsize=256)
def accepts_gzip(field: str) -> bool:
    """Return whether an Accept-Encoding field prefers gzip to no coding (RFC 9110, section 12.5.3)."""
    accepted = {name.lower(): quality for name, quality in parse_accept_header(field)}
    gzip = accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", 0.0)))
    return gzip > 0 and gzip >= accepted.get("identity", 0.0)


@lru_cache(maxsize=256)
def is_compressible(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _KINDS or (kind.startswith("text/") and kind != "text/event-stream")


def compressed(body: bytes, level: int = LEVEL) -> bytes:
    return zlib.compress(body, level, GZIP_WINDOW)


def compressed_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the compressed pieces of a body that is written while it is sent; close `pieces` at the end."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    try:
        for piece in pieces:
            if smaller := compressor.compress(piece):
                yield smaller
        yield compressor.flush()
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def compressed_tag(tag: str) -> str:
    """Return the ETag of the compressed representation: a strong tag names one sequence of bytes."""
    return tag[:-1] + TAG_SUFFIX if tag.endswith('"') and not tag.startswith("W/") else tag


def known_tags(field: str) -> str:
    """Return an If-None-Match field with the tags of the representations before they were compressed."""
    return field.replace(TAG_SUFFIX, '"')


def register_compression(app: Flask) -> None:
    """Compress the answers of a Flask application; call it before what else changes answers."""
    files: dict[str, bytes] = {}

    @app.before_request
    def know_tags() -> None:
        environ = request.environ
        if TAG_SUFFIX in environ.get("HTTP_IF_NONE_MATCH", ""):
            environ["tradepost.if_none_match"] = environ["HTTP_IF_NONE_MATCH"]
            environ["HTTP_IF_NONE_MATCH"] = known_tags(environ["HTTP_IF_NONE_MATCH"])

    @app.after_request
    def compress(response: Response) -> Response:
        tag = response.headers.get("ETag", "")
        if response.status_code == 304:
            response.vary.add("Accept-Encoding")
            if tag and compressed_tag(tag) in request.environ.get("tradepost.if_none_match", ""):
                response.headers["ETag"] = compressed_tag(tag)
            return response
        if not is_compressible(response.content_type or "") or "Content-Encoding" in response.headers:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code != 206 and accepts_gzip(request.headers.get("Accept-Encoding", "")):
            _compress(response, tag, files)
        return response


def _compress(response: Response, tag: str, files: dict[str, bytes]) -> None:
    if response.direct_passthrough:  # a file, whose tag names its content
        response.direct_passthrough = False
        if tag not in files:
            body = response.get_data()
            files[tag] = compressed(body, BEST_LEVEL) if len(body) >= LEAST_BYTES else b""
        if not files[tag]:
            return
        response.close()
        response.set_data(files[tag])
    elif response.is_streamed:
        pieces: Any = response.response
        response.response = compressed_pieces(pieces)
        response.headers.pop("Content-Length", None)
    else:
        body = response.get_data()
        if len(body) < LEAST_BYTES:
            return
        response.set_data(compressed(body))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    if tag:
        response.headers["ETag"] = compressed_tag(tag)
