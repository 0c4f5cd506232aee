"""The invitations' API."""

from __future__ import annotations

from flask import url_for
from flask.views import MethodView

from services.users.errors import InvitationExpired, InvitationUnknown, InvitationUsed, PersonKnown, SignInBusy
from services.users.invitations import operations
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
from shared.base.errors import NotFound
from shared.data.pagination import Page, PageRequest
from shared.web.auth import client_address, current_principal, public, requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

INVITATION = {
    "id": "usr_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "email": "nia@acme.example",
    "name": "Nia New",
    "company_id": "cmp_01k3v8m0c2x4y6z8a0b2d4f6h8",
    "roles": ["buyer"],
    "expires_at": "2026-12-02T09:30:00.000Z",
    "is_expired": False,
}
invitations = ApiBlueprint("invitations", __name__, url_prefix="/v1/invitations", description="Invited people")


@invitations.route("")
class Invitations(MethodView):
    @requires("users:invite")
    @invitations.arguments(InvitationsQuery, location="query")
    @invitations.response(200, InvitationPageSchema)
    @invitations.operation("listInvitations")
    def get(self, wanted: PageRequest) -> Page[InvitationView]:
        """List the invitations that were not accepted."""
        return operations.list_invitations(current_principal(), wanted)

    @requires("users:invite")
    @invitations.arguments(InvitationInput)
    @invitations.response(201, IssuedInvitationSchema, headers=LOCATED)
    @invitations.operation("invitePerson", PersonKnown, NotFound)
    def post(self, wanted: NewPerson) -> tuple[InvitationView, int, dict[str, str]]:
        """Invite a person for three days; the token is in this answer only."""
        invitation = operations.invite_person(current_principal(), wanted)
        return invitation, 201, {"Location": url_for("invitations.OneInvitation", user_id=invitation.id)}


@invitations.route("/<user_id>")
class OneInvitation(MethodView):
    @requires("users:invite")
    @invitations.response(200, InvitationSchema, example=INVITATION)
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
    @invitations.operation("withdrawInvitation", InvitationUsed)
    @conditional
    def delete(self, user_id: str) -> None:
        """Withdraw an invitation."""
        operations.withdraw_invitation(current_principal(), user_id, precondition())


@invitations.route("/<user_id>/renewal")
class InvitationRenewal(MethodView):
    @requires("users:invite")
    @invitations.response(200, IssuedInvitationSchema)
    @invitations.operation("renewInvitation", InvitationUsed)
    @conditional
    def post(self, user_id: str) -> InvitationView:
        """Issue a new token, valid for three days; the one before stops working."""
        return operations.renew_invitation(current_principal(), user_id, precondition())


@invitations.route("/lookup")
class InvitationLookup(MethodView):
    @public
    @invitations.arguments(TokenInput)
    @invitations.response(200, InvitationSchema)
    @invitations.operation("lookUpInvitation", InvitationUnknown, InvitationUsed, InvitationExpired)
    def post(self, given: TokenGiven) -> InvitationView:
        """Read the invitation of a token; the token is in the body, since addresses are logged."""
        return operations.describe_invitation(given)


@invitations.route("/acceptance")
class InvitationAcceptance(MethodView):
    @public
    @invitations.arguments(AcceptanceInput)
    @invitations.response(200, InvitationSchema)
    @invitations.operation("acceptInvitation", InvitationUnknown, InvitationUsed, InvitationExpired, SignInBusy)
    def post(self, given: Acceptance) -> InvitationView:
        """Choose a password and become active; once."""
        return operations.accept_invitation(given, address=client_address())
