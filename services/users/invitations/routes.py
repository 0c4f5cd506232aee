"""The invitations' API."""

from __future__ import annotations

from flask import url_for
from flask.views import MethodView

from services.users.errors import InvitationExpired, InvitationUnknown, InvitationUsed, PersonKnown, SignInBusy
from services.users.invitations import examples, operations
from services.users.invitations.rules import Acceptance, InvitationView, TokenGiven
from services.users.invitations.schemas import (
    AcceptanceInput,
    InvitationInput,
    InvitationPageSchema,
    InvitationSchema,
    InvitationsQuery,
    IssuedInvitationSchema,
    TokenInput,
)
from services.users.people.rules import NewPerson
from shared.base.errors import NotFound, VersionConflict
from shared.base.pages import PageRequest
from shared.data.pagination import Page
from shared.web.auth import client_address, current_principal, public, requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

invitations = ApiBlueprint(
    "invitations", __name__, url_prefix="/v1/invitations", description="Inviting people, and accepting an invitation."
)


@invitations.route("")
class Invitations(MethodView):
    @requires("users:invite")
    @invitations.arguments(InvitationsQuery, location="query")
    @invitations.response(200, InvitationPageSchema, example=examples.PAGE)
    @invitations.operation("listInvitations")
    def get(self, wanted: PageRequest) -> Page[InvitationView]:
        """
        List the invitations that were not accepted.

        Expired ones are listed too, until they are renewed or withdrawn.
        """
        return operations.list_invitations(current_principal(), wanted)

    @requires("users:invite")
    @invitations.arguments(InvitationInput, example=examples.NEW)
    @invitations.response(201, IssuedInvitationSchema, headers=LOCATED, example=examples.ISSUED)
    @invitations.operation("invitePerson", PersonKnown, NotFound)
    def post(self, wanted: NewPerson) -> tuple[InvitationView, int, dict[str, str]]:
        """
        Invite a person.

        The invitation is valid for three days. Its token is in this answer only: send it to the person in the link
        `/invitations/{token}` of a portal. Staff of the merchant have no `company_id`.
        """
        invitation = operations.invite_person(current_principal(), wanted)
        return invitation, 201, {"Location": url_for("invitations.OneInvitation", user_id=invitation.id)}


@invitations.route("/<user_id>")
class OneInvitation(MethodView):
    @requires("users:invite")
    @invitations.response(200, InvitationSchema, example=examples.INVITATION)
    @invitations.operation("getInvitation")
    @conditional
    def get(self, user_id: str) -> InvitationView:
        """
        Read an invitation that was not accepted.

        `Location` of the request that invited leads here; the token was in that answer only.
        """
        return operations.get_invitation(current_principal(), user_id)

    @requires("users:invite")
    @invitations.response(204)
    @invitations.operation("withdrawInvitation", InvitationUsed, VersionConflict)
    @conditional
    def delete(self, user_id: str) -> None:
        """
        Withdraw an invitation.

        Its link stops working, and the address may be invited again.
        """
        operations.withdraw_invitation(current_principal(), user_id, precondition())


@invitations.route("/<user_id>/renewal")
class InvitationRenewal(MethodView):
    @requires("users:invite")
    @invitations.response(200, IssuedInvitationSchema, example=examples.ISSUED)
    @invitations.operation("renewInvitation", InvitationUsed, VersionConflict)
    @conditional
    def post(self, user_id: str) -> InvitationView:
        """
        Renew an invitation.

        The answer has a new token, valid for three days; the one before stops working.
        """
        return operations.renew_invitation(current_principal(), user_id, precondition())


@invitations.route("/lookup")
class InvitationLookup(MethodView):
    @public
    @invitations.arguments(TokenInput, example=examples.LOOKUP)
    @invitations.response(200, InvitationSchema, example=examples.INVITATION)
    @invitations.operation("lookUpInvitation", InvitationUnknown, InvitationUsed, InvitationExpired)
    def post(self, given: TokenGiven) -> InvitationView:
        """
        Read the invitation of a token.

        For the page that a person sees before accepting. The token is in the body, since addresses are logged.
        """
        return operations.describe_invitation(given)


@invitations.route("/acceptance")
class InvitationAcceptance(MethodView):
    @public
    @invitations.arguments(AcceptanceInput, example=examples.ACCEPTANCE)
    @invitations.response(200, InvitationSchema, example=examples.INVITATION)
    @invitations.operation("acceptInvitation", InvitationUnknown, InvitationUsed, InvitationExpired, SignInBusy)
    def post(self, given: Acceptance) -> InvitationView:
        """
        Accept an invitation.

        The person chooses a name and a password and can sign in from then on. A token works once. Common
        passwords and rows of keys are refused.
        """
        return operations.accept_invitation(given, address=client_address())
