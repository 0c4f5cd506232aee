"""Sign-in, refresh, sign-out and acting tokens."""

from __future__ import annotations

from flask import request
from flask.views import MethodView

from services.users.errors import InvalidCredentials, NotStaff, SessionOver, SignInBusy, TooManyAttempts
from services.users.keys.rules import digest
from services.users.sessions import examples, operations
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

auth = ApiBlueprint(
    "auth", __name__, url_prefix="/v1/auth", description="Signing in and out, and acting for a company."
)


@auth.route("/login")
class Login(MethodView):
    @public
    @auth.arguments(LoginInput, example=examples.CREDENTIALS)
    @auth.response(200, TokensSchema, example=examples.TOKENS)
    @auth.operation("signIn", InvalidCredentials, TooManyAttempts, SignInBusy)
    def post(self, given: Credentials) -> Tokens:
        """
        Sign in.

        Send the access token as `Authorization: Bearer …`; it is valid for `expires_in` seconds. `refreshSession`
        continues the session. A program that signs in again and again asks for a device token once
        (`remember_device`) and sends it each time: a known device is served first while others guess passwords.
        """
        return operations.sign_in(given, address=client_address())


@auth.route("/refresh")
class Refresh(MethodView):
    @public
    @auth.arguments(RefreshInput, example=examples.REFRESH)
    @auth.response(200, TokensSchema, example=examples.RENEWED)
    @auth.operation("refreshSession", SessionOver)
    def post(self, given: RefreshRequest) -> Tokens:
        """
        Continue a session.

        A refresh token is valid once and is replaced by that of the answer; one used twice ends the session. The same
        client may send it again for ten seconds and gets the same new refresh token.
        """
        return operations.refresh_session(given, client=_client())


def _client() -> str:
    """Return a digest of what tells clients apart: the network and the program."""
    program = request.headers.get("User-Agent", "")[:256]
    return digest("client", network_of(client_address()), program)


@auth.route("/logout")
class Logout(MethodView):
    @public
    @auth.arguments(RefreshInput, example=examples.REFRESH)
    @auth.response(204)
    @auth.operation("signOut")
    def post(self, given: RefreshRequest) -> None:
        """
        Sign out.

        Ends the session of the refresh token; its access tokens end within a minute. An unknown token is no error.
        """
        operations.sign_out(given)


@auth.route("/acting-tokens")
class ActingTokens(MethodView):
    @requires("companies:act")
    @auth.arguments(ActingTokenInput, example=examples.ACTING)
    @auth.response(200, ActingTokenSchema, example=examples.ACTING_TOKEN)
    @auth.operation("createActingToken", NotStaff, NotFound)
    def post(self, wanted: ActingRequest) -> ActingToken:
        """
        Act for a company.

        Staff of the merchant get a token with which they order for a company. It is valid for ten minutes and cannot
        be refreshed; the audit log keeps the reason.
        """
        return operations.issue_acting_token(current_principal(), wanted)
