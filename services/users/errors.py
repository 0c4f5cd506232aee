"""Refusals of the users service."""

from __future__ import annotations

from shared.base.errors import Conflict, Forbidden, NotFound, Problem, Unauthorized, Unavailable


class InvalidCredentials(Unauthorized):
    title = "The e-mail address or the password is wrong"
    meaning = "No active person has this e-mail address with this password."
    advice = "Correct the address or the password; an administrator can invite a person again."


class SessionOver(Unauthorized):
    title = "The session has ended; sign in again"
    meaning = "The session was ended, expired, or its refresh token was used twice."
    advice = "Sign in again."


class TooManyAttempts(Problem):
    status = 429
    title = "Too many failed attempts; wait a moment"
    meaning = "Too many sign-ins to this account or from this network failed."
    advice = "Wait for the seconds in Retry-After, then sign in with the right password."


class SignInBusy(Unavailable):
    """Password hashing is expensive by design: more than a few at once would starve every other request."""

    title = "Too many sign-ins at once"
    meaning = "More people sign in at this moment than passwords can be checked."
    advice = "Wait for the seconds in Retry-After, and sign in again."


class InvalidServiceSecret(Unauthorized):
    title = "The service's name or secret is wrong"
    meaning = "A service asked for a token with a wrong name or secret."
    advice = "Give the service the secret that users knows by its digest."


class NotStaff(Forbidden):
    title = "Only the merchant's staff can act for a company"
    meaning = "Only people of the merchant can act for a company."
    advice = "Sign in as a member of the merchant's staff."


class InvitationUnknown(NotFound):
    title = "Invitation not found; it was withdrawn or replaced by a newer one"
    meaning = "The link belongs to no invitation: it was withdrawn, or a newer one replaced it."
    advice = "Use the link of the latest mail, or ask for a new invitation."


class InvitationUsed(Problem):
    status = 410
    title = "The invitation was already accepted"
    meaning = "The invitation was accepted before."
    advice = "Sign in with the password that was chosen then."


class InvitationExpired(Problem):
    status = 410
    title = "The invitation has expired; ask for a new one"
    meaning = "An invitation is valid for three days."
    advice = "Ask the person who invited you to renew the invitation."


class PersonKnown(Conflict):
    title = "The e-mail address is already in use"
    meaning = "A person or an open invitation has this e-mail address."
    advice = "Use another address, or renew the invitation that is open."


class NotDemo(Problem):
    status = 409
    title = "The demo can only be seeded in demo mode, since its password is published"
    meaning = "The demo's password is published, so that its people are created in demo mode only."
    advice = "Start the installation in demo mode, or invite people instead."
