"""The public keys, and tokens for services."""

from __future__ import annotations

from flask.views import MethodView

from services.users.clients import clients
from services.users.clients.keys import KeySet
from services.users.errors import InvalidServiceSecret, SignInBusy
from services.users.keys import examples, operations
from services.users.keys.rules import ServiceCredentials, ServiceToken
from services.users.keys.schemas import ServiceTokenInput, ServiceTokenSchema, SigningKeysSchema
from shared.base.errors import Forbidden
from shared.web.auth import public
from shared.web.conditional import conditional
from shared.web.service import ApiBlueprint

keys = ApiBlueprint("keys", __name__, url_prefix="/.well-known", description="The public keys of access tokens.")
internal_tokens = ApiBlueprint("internal-tokens", __name__, url_prefix="/internal/v1", description="Internal")


@keys.route("/jwks.json")
class Keys(MethodView):
    @public
    @keys.response(200, SigningKeysSchema, example=examples.KEYS)
    @keys.operation("getSigningKeys")
    @conditional
    def get(self) -> tuple[KeySet, int, dict[str, str]]:
        """
        Read the public keys of access tokens.

        A JSON Web Key Set (RFC 7517), with which a program can verify access tokens on its own. May be cached for
        five minutes.
        """
        return clients().keys.jwks, 200, {"Cache-Control": "public, max-age=300"}


@internal_tokens.route("/service-tokens")
class ServiceTokens(MethodView):
    @public
    @internal_tokens.arguments(ServiceTokenInput)
    @internal_tokens.response(200, ServiceTokenSchema)
    @internal_tokens.operation("issueServiceToken", InvalidServiceSecret, Forbidden, SignInBusy)
    def post(self, caller: ServiceCredentials) -> ServiceToken:
        """Issue a token with which a service may call one other; its secret proves who it is."""
        return operations.issue_service_token(caller)
