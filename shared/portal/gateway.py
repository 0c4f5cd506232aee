"""The portals' one way out: REST calls to the gateway with the signed-in person's token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from flask import current_app

from shared.calls.service_client import UpstreamRefused, segment
from shared.portal.tokens import TokenKeeper

__all__ = ["Area", "Call", "Gateway", "Reply", "Transport", "Upload", "segment"]

Query = dict[str, str | int | None]


@dataclass(frozen=True)
class Upload:
    """A file on its way to the gateway."""

    filename: str
    content: bytes
    content_type: str = "text/csv"


@dataclass(frozen=True)
class Call:
    """One request to the gateway; `path` begins below `/api/v1` and is already quoted."""

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


class Transport(Protocol):
    """What sends a call: HTTP to the gateway, or the tests' gateway in memory."""

    def send(self, call: Call, token: str | None) -> Reply:
        """Return a 2xx answer; raise UpstreamRefused for 4xx and UpstreamUnavailable for the rest."""


class Gateway:
    """Sends calls in the name of whoever is signed in; a token that the gateway no longer takes is renewed once."""

    def __init__(self, transport: Transport, keeper: TokenKeeper) -> None:
        self._transport = transport
        self._keeper = keeper

    def get(self, path: str, **query: str | int | None) -> Any:
        return self.send(Call("GET", path, query=query)).body

    def send(self, call: Call) -> Reply:
        token = self._keeper.access_token()
        try:
            return self._transport.send(call, token)
        except UpstreamRefused as refusal:
            if refusal.status != 401:
                raise
        return self._transport.send(call, self._keeper.renewed(token))


class Area:
    """Base of the classes in `clients.py`: one per area of the gateway's API."""

    @property
    def gateway(self) -> Gateway:
        return cast(Gateway, current_app.extensions["tradepost_gateway"])
