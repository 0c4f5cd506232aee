"""The invitations' API."""

from __future__ import annotations

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
from shared.web.service import ApiBlueprint

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
    @invitations.response(201, IssuedInvitationSchema)
    @invitations.operation("invitePerson", PersonKnown, NotFound)
    def post(self, wanted: NewPerson) -> InvitationView:
        """Invite a person for three days; the token is in this answer only."""
        return operations.invite_person(current_principal(), wanted)


@invitations.route("/<user_id>")
class OneInvitation(MethodView):
    @requires("users:invite")
    @invitations.response(204)
    @invitations.operation("withdrawInvitation", InvitationUsed)
    def delete(self, user_id: str) -> None:
        """Withdraw an invitation."""
        operations.withdraw_invitation(current_principal(), user_id)


@invitations.route("/<user_id>/renewal")
class InvitationRenewal(MethodView):
    @requires("users:invite")
    @invitations.response(200, IssuedInvitationSchema)
    @invitations.operation("renewInvitation", InvitationUsed)
    def post(self, user_id: str) -> InvitationView:
        """Issue a new token, valid for three days; the one before stops working."""
        return operations.renew_invitation(current_principal(), user_id)


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
    @invitations.response(201, InvitationSchema)
    @invitations.operation("acceptInvitation", InvitationUnknown, InvitationUsed, InvitationExpired, SignInBusy)
    def post(self, given: Acceptance) -> InvitationView:
        """Choose a password and become active; once."""
        return operations.accept_invitation(given, address=client_address())
