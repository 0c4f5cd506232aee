"""The Flask session of a portal: a random id in a `__Host-` cookie, everything else in Redis."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from shared.portal.store import SessionStore

_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class PortalSession(SessionMixin):
    """
    A session that is read from Redis when a page first touches it, so that assets and probes never wait for Redis.

    An id that Redis does not know is never adopted, so that a planted cookie gives no access (session fixation).
    """

    def __init__(self, store: SessionStore, session_id: str | None) -> None:
        self._store = store
        self._known_id = session_id
        self._state: dict[str, Any] | None = None
        self.modified = False
        self.new_id: str | None = None
        self.is_ended = False

    @property
    def id(self) -> str | None:
        """The session's id, None before anything was remembered."""
        self._load()
        return self.new_id or self._known_id

    def renew(self) -> str:
        """Forget everything and go on under a new id: at sign-in, because the rights change."""
        self.end()
        self.is_ended = False
        self.modified = True
        self.new_id = _make_id()
        return self.new_id

    def end(self) -> None:
        """Forget everything, in Redis and in the browser."""
        if self.id:
            self._store.erase(self.id)
        self._state, self._known_id, self.new_id = {}, None, None
        self.is_ended, self.modified = True, False

    def save(self) -> str | None:
        """Write what changed; return the id when the browser does not have it yet."""
        if not self.modified or self._state is None:
            return None
        if self.id is None:
            self.new_id = _make_id()
        self._store.write(str(self.id), self._state)
        return self.new_id

    def _load(self) -> dict[str, Any]:
        if self._state is None:
            self._state = {}  # an error page about an unavailable Redis must not wait for Redis again
            found = self._store.read(self._known_id) if self._known_id else None
            self._known_id = self._known_id if found is not None else None
            self._state = found or {}
        return self._state

    def __getitem__(self, key: str) -> Any:
        return self._load()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._load()[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._load()[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


class Sessions(SessionInterface):
    """
    Opens and saves sessions.

    The cookie is `Lax`, not `Strict`: the card processor's page sends the buyer back by a link from its own site.
    """

    def __init__(self, store: SessionStore, cookie_name: str) -> None:
        self._store = store
        self._cookie_name = cookie_name

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        given = request.cookies.get(self._cookie_name, "")
        return PortalSession(self._store, given if _SESSION_ID.fullmatch(given) else None)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, PortalSession):
            return
        new_id = session.save()
        if new_id:
            response.set_cookie(self._cookie_name, new_id, path="/", secure=True, httponly=True, samesite="Lax")
        elif session.is_ended:
            response.delete_cookie(self._cookie_name, path="/", secure=True, httponly=True, samesite="Lax")


def _make_id() -> str:
    return secrets.token_urlsafe(32)
