"""Sign-in, refresh and sign-out, and acting tokens for staff."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from services.users.audit.documents import AuditEntry, AuditKind
from services.users.clients import clients
from services.users.clients.revocations import Reason
from services.users.companies.documents import Company
from services.users.errors import InvalidCredentials, NotStaff, SessionOver, SignInBusy, TooManyAttempts
from services.users.keys.rules import digest
from services.users.people.documents import Role, User, email_index
from services.users.people.rules import BUYER_ROLE, acting_permissions, is_refused_password, scope_of
from services.users.sessions.documents import (
    KnownPlace,
    LoginFailures,
    RefreshToken,
    Session,
    new_device_token,
    new_refresh_token,
    refresh_token_after,
)
from services.users.sessions.rules import (
    DEVICE_TOKEN,
    FREE_ACCOUNT_FAILURES,
    FREE_FAILURES,
    LONGEST_ACCOUNT_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    ActingRequest,
    ActingToken,
    Credentials,
    RefreshRequest,
    Tokens,
    wait_after,
)
from shared.base.addresses import network_of
from shared.base.clock import now
from shared.base.errors import VersionConflict
from shared.observe.observability import counter, get_logger
from shared.web.tokens import ACCESS_SECONDS, USER_AUDIENCE, Principal

log = get_logger()

_sign_ins = counter("sign_ins_total", "Sign-ins by outcome.", ("outcome",))


def sign_in(given: Credentials, *, address: str) -> Tokens:
    """
    Begin a session; raise InvalidCredentials, alike for a wrong password and an unknown account.

    Failed attempts delay the next from the same network or known device; fifty of them delay, briefly, all but those
    from where this person signed in before.
    """
    attempt = _Attempt.of(given, address)
    _refuse_too_soon(attempt)
    try:
        with clients().passwords.turns.turn(attempt.share, is_known=attempt.is_known):
            _refuse_too_soon(attempt)
            user = _authenticated(given, attempt, address)
    except SignInBusy:
        _sign_ins.labels("busy").inc()
        raise
    LoginFailures.clear(attempt.pair, attempt.account)
    device_token = _remember(attempt, given)
    session = Session.begin(user.id, days=clients().session_days)
    AuditEntry.write(AuditKind.SIGNED_IN, user_id=user.id, session_id=session.id, address=address)
    _sign_ins.labels("succeeded").inc()
    log.info("signed_in", user_id=user.id, session_id=session.id)
    return replace(_tokens(user, session, new_refresh_token()), device_token=device_token)


def _authenticated(given: Credentials, attempt: _Attempt, address: str) -> User:
    """Return the person whose password it is, with a hash of today's kind; count a failure otherwise."""
    passwords = clients().passwords
    user = User.find_by_email(given.email)
    fits = passwords.fits(given.password, user.password_hash if user else None)
    if user is None or not fits or not user.is_active or is_refused_password(given.password, clients().mode):
        _count_failure(attempt, user, address)
        raise InvalidCredentials()
    if user.password_hash and passwords.is_outdated(user.password_hash, given.password):
        user.password_hash = passwords.hash(given.password)
        with suppress(VersionConflict):  # another sign-in of this person renews the hash at this moment
            user.commit()
    return user


@dataclass(frozen=True)
class _Attempt:
    """
    A sign-in's keys, digests all: of the account, and of account and place.

    The place is the device where the account knows it, else the network. `share` is whose turn at the password queue
    the attempt takes: always the network's, since one account may have many devices.
    """

    account: str
    network_place: str
    pair: str
    share: str
    is_known: bool

    @classmethod
    def of(cls, given: Credentials, address: str) -> Self:
        network, account = network_of(address), email_index(given.email)
        network_place = digest("place", account, network)
        device = digest("device", account, given.device_token) if given.device_token else ""
        known = KnownPlace.known_of(network_place, device)
        place = device if device in known else network
        return cls(account, network_place, digest("pair", account, place), network, is_known=bool(known))


def _remember(attempt: _Attempt, given: Credentials) -> str | None:
    """Remember where a sign-in succeeded; return the device's token, None for a client that did not ask for one."""
    KnownPlace.remember(attempt.account, attempt.network_place)
    if not given.remember_device:
        return None
    token = given.device_token if DEVICE_TOKEN.fullmatch(given.device_token) else new_device_token()
    KnownPlace.remember(attempt.account, digest("device", attempt.account, token))
    return token


def refresh_session(given: RefreshRequest, *, client: str) -> Tokens:
    """
    Return new tokens for a refresh token; one used twice was stolen, so the session ends. Or SessionOver.

    The same client may send a token again for ten seconds, since answers get lost and requests run in parallel: it
    gets the same successor, unless that was used.
    """
    key = digest("refresh", given.refresh_token)
    known = RefreshToken.find(key)
    if known is None or known.expires_at <= now():
        raise SessionOver()
    is_first = RefreshToken.use(key, client=client)
    if not is_first and not RefreshToken.was_just_used(key, client=client):
        _end_reused(known.session_id)
        raise SessionOver()
    session = Session.find_open(known.session_id)
    user = User.find_active(session.user_id) if session else None
    if session is None or user is None:
        raise SessionOver()
    successor = refresh_token_after(given.refresh_token)
    stored = None if is_first else RefreshToken.find(digest("refresh", successor))
    if stored is not None and stored.used_at is not None:
        raise SessionOver()
    return _tokens(user, session, successor)


def sign_out(given: RefreshRequest) -> None:
    """End the session of a refresh token, used or not; an unknown token changes nothing."""
    known = RefreshToken.find(digest("refresh", given.refresh_token))
    session = Session.find_open(known.session_id) if known else None
    if session is None:
        return
    clients().revocations.announce(Session.end(session.id), reason=Reason.SIGNED_OUT)
    AuditEntry.write(AuditKind.SIGNED_OUT, user_id=session.user_id, session_id=session.id)
    log.info("signed_out", user_id=session.user_id, session_id=session.id)


def issue_acting_token(staff: Principal, wanted: ActingRequest) -> ActingToken:
    """Return a token for acting as one company for ten minutes; the audit log has who and why before it exists."""
    if staff.company_id is not None or staff.actor_id is not None:
        raise NotStaff()
    company = Company.get(wanted.company_id)
    AuditEntry.write(
        AuditKind.ACTING_TOKEN_ISSUED,
        user_id=staff.id,
        actor_id=staff.id,
        company_id=company.id,
        session_id=staff.session_id,
        reason=wanted.reason,
    )
    buyer = Role.permissions_of([BUYER_ROLE])
    token = clients().keys.signer.mint(
        staff.id,
        audience=USER_AUDIENCE,
        company_id=company.id,
        scope=scope_of(acting_permissions(staff.permissions, buyer)),
        sid=staff.session_id,
        name=staff.name,
        act=staff.id,
    )
    Session.count_issue(staff.session_id or "", acting_digest=digest("scope", scope_of(buyer)))
    log.info("acting_token_issued", user_id=staff.id, company_id=company.id)
    return ActingToken(token, ACCESS_SECONDS, company.id)


def _tokens(user: User, session: Session, refresh_token: str) -> Tokens:
    expires_at = min(session.expires_at, now() + timedelta(days=clients().session_days))
    RefreshToken.keep(digest("refresh", refresh_token), session_id=session.id, expires_at=expires_at)
    scope = scope_of(Role.permissions_of(user.roles))
    access_token = clients().keys.signer.mint(
        user.id,
        audience=USER_AUDIENCE,
        company_id=user.company_id,
        scope=scope,
        sid=session.id,
        name=user.name,
    )
    Session.count_issue(session.id, scope_digest=digest("scope", scope))
    return Tokens(access_token, refresh_token, ACCESS_SECONDS)


def _refuse_too_soon(attempt: _Attempt) -> None:
    pair, account = LoginFailures.read(attempt.pair, attempt.account)
    limits = [(pair, FREE_FAILURES, LONGEST_WAIT_SECONDS)]
    if not attempt.is_known:
        limits.append((account, FREE_ACCOUNT_FAILURES, LONGEST_ACCOUNT_WAIT_SECONDS))
    for (failures, failed_at), free, longest in limits:
        left = wait_after(failures, free=free, longest=longest) - (now() - failed_at).total_seconds()
        if failures and left > 0:
            _sign_ins.labels("too_soon").inc()
            raise TooManyAttempts(headers={"Retry-After": str(int(left) + 1)})


def _count_failure(attempt: _Attempt, user: User | None, address: str) -> None:
    """Count for the network, and for the account while the network is within its five: none may fill it alone."""
    if LoginFailures.add(attempt.pair) <= FREE_FAILURES:
        LoginFailures.add(attempt.account)
    AuditEntry.write(AuditKind.SIGN_IN_REFUSED, user_id=user.id if user else None, address=address)
    _sign_ins.labels("refused").inc()
    log.info("sign_in_refused", user_id=user.id if user else None)


def _end_reused(session_id: str) -> None:
    session = Session.find_open(session_id)
    if session is not None:
        clients().revocations.announce(Session.end(session_id), reason=Reason.REFRESH_TOKEN_REUSED)
        AuditEntry.write(AuditKind.REFRESH_TOKEN_REUSED, user_id=session.user_id, session_id=session_id)
        log.warning("refresh_token_reused", user_id=session.user_id, session_id=session_id)
