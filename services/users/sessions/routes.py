"""Sign-in, refresh, sign-out and acting tokens."""

from __future__ import annotations

from flask import request
from flask.views import MethodView

from services.users.errors import InvalidCredentials, NotStaff, SessionOver, SignInBusy, TooManyAttempts
from services.users.keys.rules import digest
from services.users.sessions import operations
from services.users.sessions.rules import ActingRequest, ActingToken, Credentials, RefreshRequest, Tokens
from services.users.sessions.schemas import (
    ActingTokenInput,
    ActingTokenSchema,
    LoginInput,
    RefreshInput,
    TokensSchema,
)
from shared.base.addresses import network_of
from shared.base.errors import NotFound
from shared.web.auth import client_address, current_principal, public, requires
from shared.web.service import ApiBlueprint

auth = ApiBlueprint("auth", __name__, url_prefix="/v1/auth", description="Sign-in and sign-out")


@auth.route("/login")
class Login(MethodView):
    @public
    @auth.arguments(LoginInput)
    @auth.response(200, TokensSchema)
    @auth.operation("signIn", InvalidCredentials, TooManyAttempts, SignInBusy)
    def post(self, given: Credentials) -> Tokens:
        """Sign in; the access token lasts ten minutes."""
        return operations.sign_in(given, address=client_address())


@auth.route("/refresh")
class Refresh(MethodView):
    @public
    @auth.arguments(RefreshInput)
    @auth.response(200, TokensSchema)
    @auth.operation("refreshSession", SessionOver)
    def post(self, given: RefreshRequest) -> Tokens:
        """
        Continue a session; a refresh token is valid once, and one used twice ends the session.

        The same client may send it again for ten seconds and gets the same new refresh token.
        """
        return operations.refresh_session(given, client=_client())


def _client() -> str:
    """Return a digest of what tells clients apart: the network and the program."""
    program = request.headers.get("User-Agent", "")[:256]
    return digest("client", network_of(client_address()), program)


@auth.route("/logout")
class Logout(MethodView):
    @public
    @auth.arguments(RefreshInput)
    @auth.response(204)
    @auth.operation("signOut")
    def post(self, given: RefreshRequest) -> None:
        """End the session of a refresh token."""
        operations.sign_out(given)


@auth.route("/acting-tokens")
class ActingTokens(MethodView):
    @requires("companies:act")
    @auth.arguments(ActingTokenInput)
    @auth.response(200, ActingTokenSchema)
    @auth.operation("createActingToken", NotStaff, NotFound)
    def post(self, wanted: ActingRequest) -> ActingToken:
        """Act for a company for ten minutes, as a member of the merchant's staff."""
        return operations.issue_acting_token(current_principal(), wanted)
