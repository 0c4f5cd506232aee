"""The portals' one way out: REST calls to the gateway with the signed-in person's token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any, Protocol, TypeVar, cast

import msgspec
from flask import current_app

from shared.calls.service_client import UpstreamRefused, segment
from shared.portal.answers import Answer
from shared.portal.tokens import TokenStore

__all__ = ["Area", "Call", "Download", "Gateway", "Reply", "Transport", "Upload", "segment"]

T = TypeVar("T")
TaggedAnswer = TypeVar("TaggedAnswer", bound=Answer)
# A list is sent as a parameter that is repeated; None leaves it out.
Query = dict[str, str | int | list[str] | None]


@dataclass(frozen=True)
class Upload:
    """A file on its way to the gateway."""

    filename: str
    content: bytes | IO[bytes]
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Call:
    """
    One request to the gateway; `path` begins below `/api/v1` and is already quoted.

    `body` holds JSON values and structs; a struct's fields that have their defaults are left out. `if_match` is the tag
    of the state that is changed, "" for any.
    """

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Any = None
    upload: Upload | None = None
    key: str | None = None
    if_match: str = ""


@dataclass(frozen=True)
class Reply:
    """A 2xx answer; `body` is the decoded JSON, None for 204, and `tag` its ETag, "" without one."""

    status: int
    body: Any
    tag: str = ""

    def read(self, kind: type[T]) -> T:
        """Return the body as a typed answer; raise msgspec.ValidationError when it lacks a field."""
        return msgspec.convert(self.body, kind)


class Download(Protocol):
    """The content of a file, read piece by piece; the reader closes it."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Transport(Protocol):
    """What sends a call: HTTP to the gateway, or the tests' gateway in memory."""

    def send(self, call: Call, token: str | None) -> Reply:
        """Return a 2xx answer; raise UpstreamRefused for 4xx and UpstreamUnavailable for the rest."""

    def download(self, call: Call, token: str | None) -> Download:
        """Return the file that answers the call; raise as `send` does."""


class Gateway:
    """Sends calls with the token of the signed-in person; a token that the gateway refuses is renewed once."""

    def __init__(self, transport: Transport, tokens: TokenStore) -> None:
        self._transport = transport
        self._tokens = tokens

    def get(self, path: str, kind: type[T], **query: str | int | list[str] | None) -> T:
        """Return the answer to GET as a value of `kind`; None leaves a query parameter out."""
        return self.send(Call("GET", path, query=query)).read(kind)

    def get_tagged(self, path: str, kind: type[TaggedAnswer]) -> TaggedAnswer:
        """Return the answer to GET with its ETag in `tag`, which a form carries to say what it changes."""
        reply = self.send(Call("GET", path))
        return msgspec.structs.replace(reply.read(kind), tag=reply.tag)

    def send(self, call: Call) -> Reply:
        return self._sent(replace(call, body=msgspec.to_builtins(call.body)), self._transport.send)

    def download(self, path: str) -> Download:
        return self._sent(Call("GET", path), self._transport.download)

    def _sent(self, call: Call, send: Callable[[Call, str | None], T]) -> T:
        token = self._tokens.access_token()
        try:
            return send(call, token)
        except UpstreamRefused as refusal:
            if refusal.status != 401:
                raise
        return send(call, self._tokens.renewed(token))


class Area:
    """Base of the class in an area's `client.py`: the part of the gateway's API that its pages need."""

    @property
    def gateway(self) -> Gateway:
        return cast(Gateway, current_app.extensions["tradepost_gateway"])
