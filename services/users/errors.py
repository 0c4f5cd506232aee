"""Refusals of the users service."""

from __future__ import annotations

from shared.base.errors import Conflict, Forbidden, NotFound, Problem, Unauthorized, Unavailable


class InvalidCredentials(Unauthorized):
    title = "The e-mail address or the password is wrong"


class SessionOver(Unauthorized):
    title = "The session has ended; sign in again"


class TooManyAttempts(Problem):
    status = 429
    title = "Too many failed attempts; wait a moment"


class SignInBusy(Unavailable):
    """Password hashing is expensive by design: more than a few at once would starve every other request."""

    title = "Too many sign-ins at once"


class InvalidServiceSecret(Unauthorized):
    title = "The service's name or secret is wrong"


class NotStaff(Forbidden):
    title = "Only the merchant's staff can act for a company"


class InvitationUnknown(NotFound):
    title = "Invitation not found; it was withdrawn or replaced by a newer one"


class InvitationUsed(Problem):
    status = 410
    title = "The invitation was already accepted"


class InvitationExpired(Problem):
    status = 410
    title = "The invitation has expired; ask for a new one"


class PersonKnown(Conflict):
    title = "The e-mail address is already in use"


class NotDemo(Problem):
    status = 409
    title = "The demo can only be seeded in demo mode, since its password is published"
