"""What the gateway changes in the body of an upstream's answer: the instance of a problem, and its coding."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from shared.calls.exchange import PROBLEM_TYPE, Response
from shared.web.compression import (
    LEAST_BYTES,
    compressed,
    compressed_pieces,
    compressed_tag,
    is_compressible,
)

Fields = list[tuple[str, str]]

VARY = ("Vary", "Accept-Encoding")
_GZIP = ("Content-Encoding", "gzip")


class CompressedBody:
    """The body of a streamed answer, compressed while it is sent; `close()` frees the place at the upstream."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return compressed_pieces(iter(self._response))

    def close(self) -> None:
        self._response.close()


def name_instance(response: Response, path: str) -> None:
    """Set the `instance` of a problem document to the public path of the request, as the client sent it."""
    if not response.content or not response.header("content-type").startswith(PROBLEM_TYPE):
        return
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return
    if isinstance(document, dict):
        response.content = orjson.dumps(document | {"instance": path})
        response.length = len(response.content)


def compress(response: Response, sent_tags: str) -> Response | CompressedBody:
    """Compress an answer that is large enough; return what is sent as its body. A 304 names the tag that was sent."""
    if response.status == 304:
        if compressed_tag(response.header("etag")) in sent_tags:
            response.headers = _tagged(response.headers)
        return response
    if response.header("content-encoding"):
        return response
    is_whole = response.length == len(response.content)
    if is_whole and len(response.content) < LEAST_BYTES:
        return response
    response.headers = [*_tagged(response.headers), _GZIP]
    if is_whole:
        response.content = compressed(response.content)
        response.length = len(response.content)
        return response
    response.length = None
    return CompressedBody(response)


def _tagged(headers: Fields) -> Fields:
    return [(name, compressed_tag(value) if name.lower() == "etag" else value) for name, value in headers]


def varies(response: Response) -> bool:
    """Return whether another client may get other bytes: also of an answer that is not compressed, and of a 304."""
    return response.status == 304 or is_compressible(response.header("content-type"))
