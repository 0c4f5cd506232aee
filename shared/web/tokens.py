"""Issues and verifies access and service tokens: JWTs through flask-jwt-extended, ES256 only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import jwt
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from shared.base.errors import AccessTokenInvalid, Problem

ISSUER = "tradepost"
USER_AUDIENCE = "tradepost"
ALGORITHM = "ES256"
ACCESS_SECONDS = 600
LEEWAY_SECONDS = 30
JWKS_MAX_AGE_SECONDS = 300
JWKS_RETRY_SECONDS = 5
CACHE_SIZE = 10_000
MAX_TOKEN_LENGTH = 8_192
# RFC 9068; a token that was issued for another purpose is no access token.
HEADER_TYPE = "at+jwt"
CLAIM_TYPE = "access"
REQUIRED_CLAIMS = ("exp", "iat", "sub", "aud")


@dataclass(frozen=True)
class Principal:
    """
    The caller: a user, a staff user acting for a company, or a service.

    `company_id` is None for staff; `actor_id` is the staff user of a token that acts for a company.
    """

    id: str
    company_id: str | None = None
    permissions: frozenset[str] = frozenset()
    name: str = ""
    session_id: str | None = None
    actor_id: str | None = None
    service: str | None = None

    def can(self, permission: str) -> bool:
        return permission in self.permissions or f"{permission}:any" in self.permissions

    def covers_all(self, permission: str) -> bool:
        """Return whether this permission covers the documents of all companies, as only staff's does."""
        return f"{permission}:any" in self.permissions

    def company_scope(self, permission: str) -> dict[str, str]:
        """Return the query of the documents that this permission covers: all of them, or those of one company."""
        if self.covers_all(permission):
            return {}
        return {"company_id": self.company_id or ""}


class KeySource(Protocol):
    def key(self, kid: str) -> Any:
        """Return the public key of this id, or raise AccessTokenInvalid."""


class RevokedSessions(Protocol):
    def covers(self, session_id: str, issued_at: float) -> bool:
        """Return whether an access token of this session, issued at `issued_at`, is revoked."""


class RemoteKeys:
    """
    Public keys of the users service, cached for five minutes, and longer while that service is unavailable.

    Unknown key ids lead to at most one fetch in five seconds, so made-up ids cannot overload the users service.
    """

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._asked_at = 0.0
        self._known_at = 0.0

    def key(self, kid: str) -> Any:
        stale = time.monotonic() - self._known_at > JWKS_MAX_AGE_SECONDS
        if stale or kid not in self._keys:
            self._refresh()
        if kid not in self._keys:
            raise AccessTokenInvalid("The access token is signed with an unknown key")
        return self._keys[kid]

    def _refresh(self) -> None:
        with self._lock:
            if self._asked_at and time.monotonic() - self._asked_at < JWKS_RETRY_SECONDS:
                return
            self._asked_at = time.monotonic()
            try:
                keys = self._fetch()["keys"]
            except Problem:
                if not self._keys:
                    self._asked_at = 0.0
                    raise
                return
            self._keys = {each["kid"]: jwt.PyJWK(dict(each)).key for each in keys}
            self._known_at = time.monotonic()


@dataclass
class TokenVerifier:
    """
    Verifies access and service tokens; a verified token is cached until it expires.

    `audience` is the name of this service: users' tokens are accepted, and service tokens issued for this service.
    `revoked` are the sessions whose tokens are refused before they expire.
    """

    audience: str
    keys: KeySource
    revoked: RevokedSessions | None = None
    _seen: dict[str, tuple[Principal, float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._app = _token_app(self.keys, audiences=[USER_AUDIENCE, self.audience])

    def verify(self, token: str) -> Principal:
        """Return the holder of the token; raise AccessTokenInvalid."""
        seen = self._seen.get(token)
        if seen is None or seen[1] <= time.time():
            seen = self._verified(token)
        principal, _, issued_at = seen
        if self.revoked and principal.session_id and self.revoked.covers(principal.session_id, issued_at):
            raise AccessTokenInvalid("The access token was revoked; continue the session or sign in again")
        return principal

    def _verified(self, token: str) -> tuple[Principal, float, float]:
        if len(token) > MAX_TOKEN_LENGTH:
            raise AccessTokenInvalid("The access token is too long")
        claims = self._claims(token)
        principal = _principal(claims)
        if principal.service is None and claims["aud"] != USER_AUDIENCE:
            raise AccessTokenInvalid("The access token has another audience")
        if len(self._seen) >= CACHE_SIZE:
            self._seen.clear()
        self._seen[token] = verified = (principal, float(claims["exp"]), float(claims["iat"]))
        return verified

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            with self._app.app_context():
                claims: Mapping[str, Any] = decode_token(token)
            header = jwt.get_unverified_header(token)  # verified with the rest of the token, by now
        except jwt.ExpiredSignatureError as fault:
            raise AccessTokenInvalid("The access token has expired") from fault
        except (jwt.PyJWTError, JWTExtendedException, ValueError, TypeError, KeyError) as fault:
            raise AccessTokenInvalid("The access token is invalid") from fault
        is_access = header.get("typ") == HEADER_TYPE and claims.get("type") == CLAIM_TYPE
        if not is_access or any(claims.get(name) is None for name in REQUIRED_CLAIMS):
            raise AccessTokenInvalid("The token is no access token")
        return claims


def _principal(claims: Mapping[str, Any]) -> Principal:
    subject = str(claims["sub"])
    is_service = subject.startswith("svc_")
    return Principal(
        id=subject,
        company_id=claims.get("company_id"),
        permissions=frozenset(str(claims.get("scope") or "").split()),
        name=str(claims.get("name") or ""),
        session_id=claims.get("sid"),
        actor_id=claims.get("act"),
        service=subject.removeprefix("svc_") if is_service else None,
    )


def _token_app(keys: KeySource | None, *, audiences: list[str], signing: Mapping[str, Any] | None = None) -> Flask:
    """Return a Flask application without routes, which holds the configuration of flask-jwt-extended."""
    app = Flask("tokens")
    app.config.update(
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_DECODE_AUDIENCE=audiences,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_LEEWAY=LEEWAY_SECONDS,
        **(signing or {}),
    )
    manager = JWTManager(app)
    if keys is not None:
        manager.decode_key_loader(lambda headers, _: keys.key(str(headers.get("kid", ""))))
    return app


class TokenSigner:
    """Issues tokens with one private key; the users service has it, tests create their own."""

    def __init__(self, private_key: Any, kid: str) -> None:
        self._kid = kid
        self._app = _token_app(None, audiences=[], signing={"JWT_PRIVATE_KEY": private_key})

    def mint(self, subject: str, *, audience: str, seconds: int = ACCESS_SECONDS, **claims: Any) -> str:
        """Return a signed token (RFC 9068's `at+jwt`) for `subject`, valid for `seconds`."""
        with self._app.app_context():
            token: str = create_access_token(
                identity=subject,
                expires_delta=timedelta(seconds=seconds),
                additional_claims={"aud": audience, **claims},
                additional_headers={"kid": self._kid, "typ": HEADER_TYPE},
            )
            return token
