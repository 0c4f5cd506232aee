"""Signing in and out, and continuing a session by its refresh token."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from services.users.clients import clients
from services.users.documents import (
    AuditEntry,
    AuditKind,
    LoginFailures,
    RefreshToken,
    Role,
    Session,
    User,
    email_index,
)
from services.users.errors import InvalidCredentials, SessionOver, TooManyAttempts
from services.users.rules import (
    FREE_ACCOUNT_FAILURES,
    FREE_FAILURES,
    LONGEST_ACCOUNT_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    digest,
    is_refused_password,
    scope_of,
    wait_after,
)
from shared.base.clock import now
from shared.observe.observability import counter, get_logger
from shared.web.tokens import ACCESS_SECONDS, USER_AUDIENCE

log = get_logger()

_sign_ins = counter("sign_ins_total", "Sign-ins by outcome.", ("outcome",))


def sign_in(*, email: str, password: str, address: str) -> dict[str, Any]:
    """
    Begin a session; raise InvalidCredentials, alike for a wrong password and an unknown account.

    Failures slow down the next attempts from the same address, and much later, briefly, those from everywhere.
    """
    account = email_index(email)
    keys = (digest("pair", account, address), account)
    with clients().passwords.place():
        _refuse_too_soon(*keys)
        user = User.find_by_email(email)
        fits = clients().passwords.fits(password, user.password_hash if user else None)
        if user is None or not fits or not user.is_active or is_refused_password(password, clients().mode):
            _count_failure(keys, user, address)
            raise InvalidCredentials()
        if user.password_hash and clients().passwords.is_outdated(user.password_hash):
            user.password_hash = clients().passwords.hash(password)
            user.commit()
    LoginFailures.clear(*keys)
    session = Session.begin(user.id, days=clients().session_days)
    AuditEntry.write(AuditKind.SIGNED_IN, user_id=user.id, session_id=session.id, address=address)
    _sign_ins.labels("succeeded").inc()
    log.info("signed_in", user_id=user.id, session_id=session.id)
    return _tokens(user, session)


def refresh_session(*, refresh_token: str) -> dict[str, Any]:
    """Exchange a refresh token for new ones; one that comes twice was stolen, so its whole family ends."""
    key = digest("refresh", refresh_token)
    known = RefreshToken.find(key)
    if known is None or known.expires_at <= now():
        raise SessionOver()
    if not RefreshToken.use(key):
        _end_stolen(known.session_id)
        raise SessionOver()
    session = Session.find_open(known.session_id)
    user = User.objects(id=session.user_id, is_active=True).first() if session else None
    if session is None or user is None:
        raise SessionOver()
    return _tokens(user, session)


def sign_out(*, refresh_token: str) -> None:
    """End the session of a refresh token, used or not; an unknown one changes nothing."""
    known = RefreshToken.find(digest("refresh", refresh_token))
    session = Session.find_open(known.session_id) if known else None
    if session is None:
        return
    Session.end(session.id)
    AuditEntry.write(AuditKind.SIGNED_OUT, user_id=session.user_id, session_id=session.id)
    log.info("signed_out", user_id=session.user_id, session_id=session.id)


def _tokens(user: User, session: Session) -> dict[str, Any]:
    refresh_token = f"rt_{secrets.token_urlsafe(32)}"
    expires_at = min(session.expires_at, now() + timedelta(days=clients().session_days))
    RefreshToken.keep(digest("refresh", refresh_token), session_id=session.id, expires_at=expires_at)
    access_token = clients().keys.signer.mint(
        user.id,
        audience=USER_AUDIENCE,
        company_id=user.company_id,
        scope=scope_of(Role.permissions_of(user.roles)),
        sid=session.id,
        name=user.name,
    )
    return {
        "access_token": access_token,
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
    }


def _refuse_too_soon(pair: str, account: str) -> None:
    limits = (
        (pair, FREE_FAILURES, LONGEST_WAIT_SECONDS),
        (account, FREE_ACCOUNT_FAILURES, LONGEST_ACCOUNT_WAIT_SECONDS),
    )
    for key, free, longest in limits:
        failures, failed_at = LoginFailures.read(key)
        left = wait_after(failures, free=free, longest=longest) - (now() - failed_at).total_seconds()
        if failures and left > 0:
            _sign_ins.labels("too_soon").inc()
            raise TooManyAttempts(headers={"Retry-After": str(int(left) + 1)})


def _count_failure(keys: tuple[str, str], user: User | None, address: str) -> None:
    for key in keys:
        LoginFailures.add(key)
    AuditEntry.write(AuditKind.SIGN_IN_REFUSED, user_id=user.id if user else None, address=address)
    _sign_ins.labels("refused").inc()
    log.info("sign_in_refused", user_id=user.id if user else None)


def _end_stolen(session_id: str) -> None:
    session = Session.find_open(session_id)
    Session.end(session_id)
    if session is not None:
        AuditEntry.write(AuditKind.REFRESH_TOKEN_REUSED, user_id=session.user_id, session_id=session_id)
        log.warning("refresh_token_reused", user_id=session.user_id, session_id=session_id)
