"""Looks for rights that changed since a token was issued, and publishes every revocation until Redis has it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from services.users.audit.documents import AuditEntry, AuditKind
from services.users.clients import clients
from services.users.clients.revocations import Reason
from services.users.keys.rules import digest
from services.users.people.documents import Role, User
from services.users.people.rules import BUYER_ROLE, scope_of
from services.users.sessions.documents import Session
from services.users.sessions.rules import IssuedSession
from shared.base.clock import now
from shared.observe.observability import get_logger
from shared.web.revocations import KEPT_SECONDS, Revocation
from shared.web.tokens import ACCESS_SECONDS, LEEWAY_SECONDS

log = get_logger()

TOKEN_LIFE = timedelta(seconds=ACCESS_SECONDS + LEEWAY_SECONDS)
OVERLAP = timedelta(seconds=10)
BATCH = 500


def keep_revocations() -> None:
    """Do both; what fails, while a store is unavailable for example, is left to the next run."""
    try:
        publish_missing()
        if clients().revocations.claim_check():
            revoke_changed_rights()
    except (RedisError, PyMongoError) as failure:
        log.warning("revocations_not_published", failure=type(failure).__name__)
    except Exception as failure:  # the thread that runs this must not end while the process serves
        log.error("revocations_not_published", failure=type(failure).__name__, exc_info=failure)


def publish_missing() -> None:
    """Publish what was revoked since Redis was complete, all that still matters when Redis came back empty."""
    moment = now()
    complete_until = clients().revocations.complete_until()
    kept = moment - timedelta(seconds=KEPT_SECONDS)
    since = max(kept, complete_until - OVERLAP) if complete_until else kept
    clients().revocations.publish(Session.revoked_since(since), complete_until=moment)


def revoke_changed_rights() -> None:
    """
    Revoke the access tokens of people who were disabled, and those with rights that their roles no longer give.

    A session whose person cannot be read stays as it is; the session of a missing person ends.
    """
    buyer = _scope_digest([BUYER_ROLE], {})
    scopes: dict[tuple[str, ...], str] = {}
    found = Session.issued_since(now() - TOKEN_LIFE)
    while sessions := list(islice(found, BATCH)):
        people = User.find_standing(session.user_id for session in sessions)
        for session in sessions:
            if session.user_id in people.unreadable:
                continue
            person = people.readable.get(session.user_id)
            if person is None or not person.is_active:
                _end(session)
            elif changed := session.changed(scope=_scope_digest(person.roles, scopes), acting=buyer):
                _revoke(session, changed)


def _scope_digest(roles: Iterable[str], known: dict[tuple[str, ...], str]) -> str:
    key = tuple(sorted(roles))
    if key not in known:
        known[key] = digest("scope", scope_of(Role.permissions_of(key)))
    return known[key]


def _end(session: IssuedSession) -> None:
    revoked = Session.end(session.id)
    AuditEntry.write(AuditKind.SESSION_ENDED, user_id=session.user_id, session_id=session.id)
    _announce(revoked, session, Reason.PERSON_DISABLED)


def _revoke(session: IssuedSession, changed: dict[str, str]) -> None:
    revoked = Session.revoke_issued(session, **changed)
    if revoked is not None:
        AuditEntry.write(AuditKind.RIGHTS_CHANGED, user_id=session.user_id, session_id=session.id)
        _announce(revoked, session, Reason.RIGHTS_CHANGED)


def _announce(revoked: Revocation, session: IssuedSession, reason: Reason) -> None:
    clients().revocations.announce(revoked, reason=reason)
    log.info("access_tokens_revoked", user_id=session.user_id, session_id=session.id, reason=reason)
