"""Inviting people, and letting them in once by the link they were sent."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from mongoengine.errors import NotUniqueError

from services.users.clients import clients
from services.users.documents import AuditEntry, AuditKind, Company, Role, User
from services.users.errors import InvitationExpired, InvitationUnknown, InvitationUsed, PersonKnown
from services.users.rules import INVITATION_HOURS, digest, is_refused_password, normalized_email, roles_refused
from shared.base.clock import now
from shared.base.errors import FieldError, InvalidInput, NotFound, VersionConflict
from shared.data.pagination import Page, page
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()

INVITE = "users:invite"


def invite_person(
    inviter: Principal, *, email: str, name: str, roles: list[str], company_id: str | None = None
) -> dict[str, Any]:
    """
    Invite somebody to the merchant's staff, or to a company; the answer alone holds the token.

    Raises PersonKnown, NotFound for another's company, and InvalidInput for roles that may not be given there.
    """
    scope = inviter.company_scope(INVITE)
    if scope and company_id != scope["company_id"]:
        raise NotFound(f"There is no company {company_id}")
    if company_id is not None:
        Company.get(company_id)
    refused = roles_refused(Role.find_all(roles), for_staff=company_id is None)
    if refused:
        whom = "the merchant's staff" if company_id is None else "a company's people"
        raise InvalidInput(errors=[FieldError("/roles", f"Not for {whom}: {', '.join(refused)}")])
    person = User(email=normalized_email(email), name=name, company_id=company_id, roles=roles)
    return describe(person, issue_token(person, invited_by=inviter.id))


def issue_token(person: User, *, invited_by: str | None) -> str:
    """Give a person a new token, in place of an earlier one, and return it; raise PersonKnown."""
    token = secrets.token_urlsafe(32)
    expires_at = now() + timedelta(hours=INVITATION_HOURS)
    person.invite(digest("invitation", token), expires_at=expires_at, invited_by=invited_by)
    try:
        person.commit()
    except NotUniqueError as taken:
        raise PersonKnown() from taken
    AuditEntry.write(AuditKind.INVITED, user_id=person.id, actor_id=invited_by, company_id=person.company_id)
    log.info("person_invited", user_id=person.id)
    return token


def list_invitations(reader: Principal, *, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return one page of those who were invited and have not accepted, expired ones too, first invited first."""
    query = open_invitations(reader.company_scope(INVITE))
    found = page(User.collection(), query, sort=[("_id", 1, str)], cursor=cursor, limit=limit, fields={"_id": 1})
    people = User.objects(id__in=[each["_id"] for each in found.items]).order_by("id")
    return Page([describe(each) for each in people if each.is_invited], found.next_cursor)


def open_invitations(scope: dict[str, str]) -> dict[str, Any]:
    """Return the query of those who have not accepted; the index of inactive people serves it."""
    return scope | {"is_active": False, "invitation.token_digest": {"$exists": True}}


def renew_invitation(inviter: Principal, user_id: str) -> dict[str, Any]:
    """Give an invited person a new token for another three days; the one before stops working."""
    person = _invited(inviter, user_id)
    return describe(person, issue_token(person, invited_by=inviter.id))


def withdraw_invitation(inviter: Principal, user_id: str) -> None:
    """Take an invitation back; raise InvitationUsed when it was accepted meanwhile."""
    person = _invited(inviter, user_id)
    if not person.withdraw_invitation():
        raise InvitationUsed()
    AuditEntry.write(
        AuditKind.INVITATION_WITHDRAWN, user_id=person.id, actor_id=inviter.id, company_id=person.company_id
    )
    log.info("invitation_withdrawn", user_id=person.id)


def describe_invitation(*, token: str) -> dict[str, Any]:
    """Return whom a token lets in; raises InvitationUnknown, InvitationUsed or InvitationExpired."""
    return describe(_holder(token))


def accept_invitation(*, token: str, name: str, password: str) -> dict[str, Any]:
    """Set the person's password and let them in; of two who hold the same token, one."""
    if is_refused_password(password, clients().mode):
        raise InvalidInput(errors=[FieldError("/password", "This password is known to everybody.")])
    with clients().passwords.place():
        person = _holder(token)
        person.accept_invitation(name=name, password_hash=clients().passwords.hash(password))
    try:
        person.commit()
    except VersionConflict as lost:
        raise InvitationUsed() from lost
    AuditEntry.write(AuditKind.INVITATION_ACCEPTED, user_id=person.id, company_id=person.company_id)
    log.info("invitation_accepted", user_id=person.id)
    return describe(person)


def describe(person: User, token: str | None = None) -> dict[str, Any]:
    """Return an invitation as its API tells of it, with its token only for whoever invites."""
    told = {name: getattr(person, name) for name in ("id", "email", "name", "company_id", "roles")}
    expires_at = person.latest_invitation.expires_at
    return told | {"expires_at": expires_at, "is_expired": expires_at <= now()} | ({"token": token} if token else {})


def _invited(inviter: Principal, user_id: str) -> User:
    person = User.get(user_id, **inviter.company_scope(INVITE))
    if not person.is_invited:
        raise NotFound(f"There is no invitation {user_id}")
    return person


def _holder(token: str) -> User:
    person = User.find_invited(digest("invitation", token))
    if person is None:
        raise InvitationUnknown()
    if not person.is_invited:
        raise InvitationUsed()
    if person.latest_invitation.expires_at <= now():
        raise InvitationExpired()
    return person
