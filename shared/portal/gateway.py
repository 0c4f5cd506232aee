"""The portals' one way out: REST calls to the gateway with the signed-in person's token."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar, cast

import msgspec
from flask import current_app

from shared.calls.service_client import UpstreamRefused, segment
from shared.portal.tokens import TokenStore

__all__ = ["Area", "Call", "Gateway", "Reply", "Transport", "Upload", "segment"]

T = TypeVar("T")
Query = dict[str, str | int | None]


@dataclass(frozen=True)
class Upload:
    """A file on its way to the gateway."""

    filename: str
    content: bytes
    content_type: str = "text/csv"


@dataclass(frozen=True)
class Call:
    """
    One request to the gateway; `path` begins below `/api/v1` and is already quoted.

    `body` holds JSON values and structs; a struct's fields that have their defaults are left out.
    """

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Any = None
    upload: Upload | None = None
    key: str | None = None


@dataclass(frozen=True)
class Reply:
    """A 2xx answer; `body` is the decoded JSON, None for 204."""

    status: int
    body: Any

    def read(self, kind: type[T]) -> T:
        """Return the body as a typed answer; raise msgspec.ValidationError when it lacks a field."""
        return msgspec.convert(self.body, kind)


class Transport(Protocol):
    """What sends a call: HTTP to the gateway, or the tests' gateway in memory."""

    def send(self, call: Call, token: str | None) -> Reply:
        """Return a 2xx answer; raise UpstreamRefused for 4xx and UpstreamUnavailable for the rest."""


class Gateway:
    """Sends calls with the token of the signed-in person; a token that the gateway refuses is renewed once."""

    def __init__(self, transport: Transport, tokens: TokenStore) -> None:
        self._transport = transport
        self._tokens = tokens

    def get(self, path: str, kind: type[T], **query: str | int | None) -> T:
        """Return the answer to GET as a value of `kind`; None leaves a query parameter out."""
        return self.send(Call("GET", path, query=query)).read(kind)

    def send(self, call: Call) -> Reply:
        call = replace(call, body=msgspec.to_builtins(call.body))
        token = self._tokens.access_token()
        try:
            return self._transport.send(call, token)
        except UpstreamRefused as refusal:
            if refusal.status != 401:
                raise
        return self._transport.send(call, self._tokens.renewed(token))


class Area:
    """Base of the class in an area's `client.py`: the part of the gateway's API that its pages need."""

    @property
    def gateway(self) -> Gateway:
        return cast(Gateway, current_app.extensions["tradepost_gateway"])
