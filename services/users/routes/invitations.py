"""Invitations: made by those who may, accepted by whoever holds the link."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from services.users import operations
from services.users.schemas import (
    AcceptanceInput,
    InvitationInput,
    InvitationPageSchema,
    InvitationSchema,
    IssuedInvitationSchema,
    TokenInput,
)
from shared.data.pagination import Page
from shared.web.auth import current_principal, public, requires
from shared.web.schemas import PageArgs, ProblemSchema
from shared.web.service import ApiBlueprint

invitations_blp = ApiBlueprint("invitations", __name__, url_prefix="/v1/invitations", description="Letting people in")


@invitations_blp.route("")
class Invitations(MethodView):
    @requires("users:invite")
    @invitations_blp.arguments(PageArgs, location="query")
    @invitations_blp.response(200, InvitationPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List the invitations nobody has accepted yet."""
        return operations.list_invitations(current_principal(), **query)

    @requires("users:invite")
    @invitations_blp.arguments(InvitationInput)
    @invitations_blp.response(201, IssuedInvitationSchema)
    @invitations_blp.alt_response(404, schema=ProblemSchema, description="No such company, or another's")
    @invitations_blp.alt_response(409, schema=ProblemSchema, description="There is somebody with this address")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Invite somebody for three days; the token is told this once."""
        return operations.invite_person(current_principal(), **body)


@invitations_blp.route("/<user_id>")
class OneInvitation(MethodView):
    @requires("users:invite")
    @invitations_blp.response(204)
    @invitations_blp.alt_response(410, schema=ProblemSchema, description="It was accepted meanwhile")
    def delete(self, user_id: str) -> None:
        """Take an invitation back."""
        operations.withdraw_invitation(current_principal(), user_id)


@invitations_blp.route("/<user_id>/renewal")
class Renewal(MethodView):
    @requires("users:invite")
    @invitations_blp.response(200, IssuedInvitationSchema)
    @invitations_blp.alt_response(404, schema=ProblemSchema, description="No such invitation, or it was accepted")
    def post(self, user_id: str) -> dict[str, Any]:
        """Draw a new token for another three days; the one before stops working."""
        return operations.renew_invitation(current_principal(), user_id)


@invitations_blp.route("/lookup")
class Lookup(MethodView):
    @public
    @invitations_blp.arguments(TokenInput)
    @invitations_blp.response(200, InvitationSchema)
    @invitations_blp.alt_response(404, schema=ProblemSchema, description="Unknown, withdrawn or replaced")
    @invitations_blp.alt_response(410, schema=ProblemSchema, description="Used already, or expired")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Tell whom a token lets in; it travels in the body, for addresses are logged."""
        return operations.describe_invitation(**body)


@invitations_blp.route("/acceptance")
class Acceptance(MethodView):
    @public
    @invitations_blp.arguments(AcceptanceInput)
    @invitations_blp.response(201, InvitationSchema)
    @invitations_blp.alt_response(404, schema=ProblemSchema, description="Unknown, withdrawn or replaced")
    @invitations_blp.alt_response(410, schema=ProblemSchema, description="Used already, or expired")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Choose a password and become active; once."""
        return operations.accept_invitation(**body)
