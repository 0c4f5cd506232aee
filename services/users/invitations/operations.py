"""Invitations: made, listed, renewed, withdrawn, and accepted once by the link that was mailed."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from mongoengine.errors import NotUniqueError

from services.users.audit.documents import AuditEntry, AuditKind
from services.users.clients import clients
from services.users.clients.passwords import common_passwords
from services.users.companies.documents import Company
from services.users.errors import InvitationExpired, InvitationUnknown, InvitationUsed, PersonKnown
from services.users.invitations.rules import INVITATION_HOURS, Acceptance, InvitationView, TokenGiven
from services.users.keys.rules import digest
from services.users.people.documents import Role, User
from services.users.people.rules import NewPerson, is_refused_password, normalized_email, roles_refused, why_refused
from shared.base.addresses import network_of
from shared.base.clock import now
from shared.base.errors import FieldError, InvalidInput, NotFound, VersionConflict
from shared.base.pages import PageRequest
from shared.base.preconditions import Precondition
from shared.data.pagination import Page, page
from shared.data.struct_fields import read_each
from shared.data.version_conflicts import retry_on_version_conflict
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()

INVITE = "users:invite"


def invite_person(inviter: Principal, wanted: NewPerson) -> InvitationView:
    """
    Invite a person to the merchant's staff, or to a company; only this answer holds the token.

    Raises PersonKnown, NotFound for another's company, and InvalidInput for roles that may not be given there.
    """
    scope = inviter.company_scope(INVITE)
    if scope and wanted.company_id != scope["company_id"]:
        raise NotFound(f"Company {wanted.company_id} was not found")
    if wanted.company_id is not None:
        Company.get(wanted.company_id)
    refused = roles_refused(Role.find_all(wanted.roles), for_staff=wanted.company_id is None)
    if refused:
        whom = "the merchant's staff" if wanted.company_id is None else "a company's people"
        raise InvalidInput(errors=[FieldError("/roles", f"Not for {whom}: {', '.join(refused)}")])
    person = User(
        email=normalized_email(wanted.email), name=wanted.name, company_id=wanted.company_id, roles=list(wanted.roles)
    )
    return describe(person, issue_token(person, invited_by=inviter.id))


def issue_token(person: User, *, invited_by: str | None) -> str:
    """Return a new token, which replaces an earlier one; raise PersonKnown when the address is taken."""
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


def list_invitations(reader: Principal, wanted: PageRequest) -> Page[InvitationView]:
    """Return one page of the readable invitations that were not accepted, expired ones too, oldest first."""
    query = open_invitations(reader.company_scope(INVITE))
    sort = [("_id", 1, str)]
    found = page(User.collection(), query, wanted, sort=sort, fields={"_id": 1})
    people = User.read_many({"_id": {"$in": [each["_id"] for each in found.items]}}, limit=wanted.limit)
    listed = read_each(people, lambda each: describe(each) if each.is_invited else None)
    return found.of([each for each in listed if each is not None])


def open_invitations(scope: dict[str, str]) -> dict[str, Any]:
    """Return the query for invitations that were not accepted; the index of inactive people serves it."""
    return scope | {"is_active": False, "invitation.token_digest": {"$exists": True}}


def get_invitation(reader: Principal, user_id: str) -> InvitationView:
    """Return an invitation that was not accepted; raise NotFound."""
    return describe(_invited(reader, user_id))


def renew_invitation(inviter: Principal, user_id: str, precondition: Precondition) -> InvitationView:
    """Issue a new token, valid for three days; the one before stops working."""
    person = _invited(inviter, user_id)
    precondition.require(person.revision)
    return describe(person, issue_token(person, invited_by=inviter.id))


@retry_on_version_conflict
def withdraw_invitation(inviter: Principal, user_id: str, precondition: Precondition) -> None:
    """Delete an invitation; raise InvitationUsed when it was accepted before."""
    person = _invited(inviter, user_id)
    precondition.require(person.revision)
    if not person.withdraw_invitation():
        raise InvitationUsed()
    AuditEntry.write(
        AuditKind.INVITATION_WITHDRAWN, user_id=person.id, actor_id=inviter.id, company_id=person.company_id
    )
    log.info("invitation_withdrawn", user_id=person.id)


def describe_invitation(given: TokenGiven) -> InvitationView:
    """Return the invitation of a token; raise InvitationUnknown, InvitationUsed or InvitationExpired."""
    return describe(_invited_by_token(given.token))


def accept_invitation(given: Acceptance, *, address: str) -> InvitationView:
    """Set the person's password and activate them; of two requests with one token, one succeeds."""
    if is_refused_password(given.password, clients().mode):
        raise InvalidInput(errors=[FieldError("/password", "This password is published; choose another.")])
    if reason := why_refused(given.password, common_passwords()):
        raise InvalidInput(errors=[FieldError("/password", reason)])
    _invited_by_token(given.token)  # a made-up token must not take a turn to hash
    with clients().passwords.turns.turn(network_of(address), is_known=True):
        person = _invited_by_token(given.token)
        person.accept_invitation(name=given.name, password_hash=clients().passwords.hash(given.password))
    try:
        person.commit()
    except VersionConflict as lost:
        raise InvitationUsed() from lost
    AuditEntry.write(AuditKind.INVITATION_ACCEPTED, user_id=person.id, company_id=person.company_id)
    log.info("invitation_accepted", user_id=person.id)
    return describe(person)


def describe(person: User, token: str | None = None) -> InvitationView:
    """Return a person's invitation as the API shows it, with its token only for the person who invites."""
    expires_at = person.latest_invitation.expires_at
    return InvitationView(
        id=person.id,
        email=person.email,
        name=person.name,
        company_id=person.company_id,
        roles=list(person.roles),
        expires_at=expires_at,
        is_expired=expires_at <= now(),
        token=token,
        revision=person.revision,
    )


def _invited(inviter: Principal, user_id: str) -> User:
    person = User.get(user_id, **inviter.company_scope(INVITE))
    if not person.is_invited:
        raise NotFound(f"Invitation {user_id} was not found")
    return person


def _invited_by_token(token: str) -> User:
    person = User.find_invited(digest("invitation", token))
    if person is None:
        raise InvitationUnknown()
    if not person.is_invited:
        raise InvitationUsed()
    if person.latest_invitation.expires_at <= now():
        raise InvitationExpired()
    return person
