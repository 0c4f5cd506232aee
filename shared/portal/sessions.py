"""
The Flask session of a portal: a random id in a `__Host-` cookie, everything else in Redis.

Before a person has signed in, the little there is (form token, messages) is in a signed cookie: such a view stores
nothing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any, Literal

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeTimedSerializer

from shared.portal.store import SessionStore

SameSite = Literal["Lax", "Strict"]

VISIT_SECONDS = 8 * 3600
LONGEST_VISIT = 3_000
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class PortalSession(SessionMixin):
    """
    A session that is read from Redis when a page first touches it, so that assets and probes never wait for Redis.

    An id that Redis does not know is never adopted, so that a planted cookie gives no access (session fixation).
    """

    def __init__(self, store: SessionStore, session_id: str | None, visit: dict[str, Any] | None = None) -> None:
        self._store = store
        self._known_id = session_id
        self._visit = visit or {}
        self._state: dict[str, Any] | None = None
        self.modified = False
        self.new_id: str | None = None
        self.is_ended = False

    @property
    def id(self) -> str | None:
        """The session's id, None before a person has signed in."""
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
        """Write what changed to Redis; return the id when the browser does not have it yet."""
        if not self.modified or self._state is None or self.id is None:
            return None
        self._store.write(self.id, self._state)
        return self.new_id

    def visit(self) -> dict[str, Any] | None:
        """Return what a visit without an id changed, None when nothing did."""
        return dict(self._state or {}) if self.modified and self.id is None else None

    def _load(self) -> dict[str, Any]:
        if self._state is None:
            self._state = {}  # an error page about an unavailable Redis must not wait for Redis again
            found = self._store.read(self._known_id) if self._known_id else None
            self._known_id = self._known_id if found is not None else None
            self._state = found or ({} if self._known_id else self._visit)
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

    The customer portal's cookie is `Lax`: the card processor's page sends the buyer back by a link from its own site.
    The admin portal's is `Strict`; `hop.py` lets links from mails arrive there.
    """

    def __init__(self, store: SessionStore, cookie_name: str, *, secret: str, same_site: SameSite) -> None:
        self._store = store
        self._cookie_name = cookie_name
        self._visit_name = f"{cookie_name}-visit"
        self._visits = URLSafeTimedSerializer(secret, salt=self._visit_name)
        self._same_site = same_site

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        given = request.cookies.get(self._cookie_name, "")
        visit = self._read_visit(request.cookies.get(self._visit_name, ""))
        return PortalSession(self._store, given if _SESSION_ID.fullmatch(given) else None, visit)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, PortalSession) or request.method == "HEAD":
            return
        visit = session.visit()
        new_id = session.save()
        if new_id:
            self._set(response, self._cookie_name, new_id)
            self._delete(response, self._visit_name)
        elif session.is_ended:
            self._delete(response, self._cookie_name)
        if visit:
            self._set(response, self._visit_name, self._write_visit(visit))
        elif visit is not None:
            self._delete(response, self._visit_name)

    def _read_visit(self, given: str) -> dict[str, Any]:
        """Return what the signed cookie holds, nothing for one that is old, forged or broken."""
        try:
            found = self._visits.loads(given, max_age=VISIT_SECONDS) if given else {}
        except BadData:
            return {}
        return found if isinstance(found, dict) else {}

    def _write_visit(self, visit: dict[str, Any]) -> str:
        written = str(self._visits.dumps(visit))
        if len(written) <= LONGEST_VISIT:
            return written
        return str(self._visits.dumps({key: value for key, value in visit.items() if key == "csrf_token"}))

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite=self._same_site)

    def _delete(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=True, httponly=True, samesite=self._same_site)


def _make_id() -> str:
    return secrets.token_urlsafe(32)
