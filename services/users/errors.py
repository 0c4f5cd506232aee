"""Refusals of the users service."""

from __future__ import annotations

from shared.base.errors import Conflict, Forbidden, NotFound, Problem, Unauthorized, Unavailable


class InvalidCredentials(Unauthorized):
    title = "E-mail address or password is wrong"


class SessionOver(Unauthorized):
    title = "This session is over; sign in again"


class TooManyAttempts(Problem):
    status = 429
    title = "Too many failed attempts; wait a moment"


class SignInBusy(Unavailable):
    """Password hashing is costly on purpose; more than a few at once would starve every other request."""

    title = "Many people are signing in right now"


class InvalidServiceSecret(Unauthorized):
    title = "The service's name or secret is wrong"


class NotStaff(Forbidden):
    title = "Only the merchant's own people act for companies"


class InvitationUnknown(NotFound):
    title = "This invitation is not known: it was withdrawn, or a newer one replaced it"


class InvitationUsed(Problem):
    status = 410
    title = "This invitation was used already"


class InvitationExpired(Problem):
    status = 410
    title = "This invitation has expired; ask for a new one"


class PersonKnown(Conflict):
    title = "There is somebody with this e-mail address already"


class NotDemo(Problem):
    status = 409
    title = "The demo's people exist in demo mode only: their password is known to everybody"
