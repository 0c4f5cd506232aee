"""Signing in, companies, keys, and what other services ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from flask.views import MethodView

from services.users import operations
from services.users.clients import clients
from services.users.documents import Company, User
from services.users.schemas import (
    ActingTokenInput,
    ActingTokenSchema,
    CompaniesQuery,
    CompanyInput,
    CompanyPageSchema,
    CompanySchema,
    ContactsSchema,
    KeysSchema,
    LoginInput,
    MeSchema,
    RefreshInput,
    ServiceTokenInput,
    ServiceTokenSchema,
    TokensSchema,
    UserSchema,
)
from shared.data.pagination import Page
from shared.web.auth import current_principal, internal, public, requires, signed_in
from shared.web.idempotency import idempotent
from shared.web.schemas import ProblemSchema
from shared.web.service import ApiBlueprint

auth_blp = ApiBlueprint("auth", __name__, url_prefix="/v1/auth", description="Signing in and out")
people_blp = ApiBlueprint("people", __name__, url_prefix="/v1", description="Companies and who one is")
keys_blp = ApiBlueprint("keys", __name__, url_prefix="/.well-known", description="The keys that sign tokens")
internal_blp = ApiBlueprint("internal-users", __name__, url_prefix="/internal/v1", description="Internal")


def client_address() -> str:
    """The client's address, as the gateway saw it: nobody else reaches this service."""
    return request.headers.get("X-Forwarded-For", request.remote_addr or "").rpartition(",")[2].strip()[:64]


def idempotent_if_keyed(route: Callable[..., Any]) -> Callable[..., Any]:
    """A company with a reference needs no key, its reference is one; where a key is sent, it counts."""
    keyed = idempotent(route)

    @wraps(route)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        return (keyed if "Idempotency-Key" in request.headers else route)(*args, **kwargs)

    return chosen


@auth_blp.route("/login")
class Login(MethodView):
    @public
    @auth_blp.arguments(LoginInput)
    @auth_blp.response(200, TokensSchema)
    @auth_blp.alt_response(401, schema=ProblemSchema, description="Address or password is wrong")
    @auth_blp.alt_response(429, schema=ProblemSchema, description="Too many failed attempts")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign in; the access token lasts ten minutes."""
        return operations.sign_in(address=client_address(), **body)


@auth_blp.route("/refresh")
class Refresh(MethodView):
    @public
    @auth_blp.arguments(RefreshInput)
    @auth_blp.response(200, TokensSchema)
    @auth_blp.alt_response(401, schema=ProblemSchema, description="The session is over")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Continue a session; each refresh token serves once, one that comes twice ends the session."""
        return operations.refresh_session(**body)


@auth_blp.route("/logout")
class Logout(MethodView):
    @public
    @auth_blp.arguments(RefreshInput)
    @auth_blp.response(204)
    def post(self, body: dict[str, Any]) -> None:
        """End the session of a refresh token."""
        operations.sign_out(**body)


@auth_blp.route("/acting-tokens")
class ActingTokens(MethodView):
    @requires("companies:act")
    @auth_blp.arguments(ActingTokenInput)
    @auth_blp.response(201, ActingTokenSchema)
    @auth_blp.alt_response(404, schema=ProblemSchema, description="No such company")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Act for a company for ten minutes, as a member of the merchant's staff."""
        return operations.issue_acting_token(current_principal(), **body)


@people_blp.route("/me")
class Me(MethodView):
    @signed_in
    @people_blp.response(200, MeSchema)
    def get(self) -> dict[str, Any]:
        """Tell who is signed in."""
        return operations.describe_me(current_principal())


@people_blp.route("/companies")
class Companies(MethodView):
    @requires("companies:read")
    @people_blp.arguments(CompaniesQuery, location="query")
    @people_blp.response(200, CompanyPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List the companies one may see, oldest first."""
        return operations.list_companies(current_principal(), **query)

    @requires("companies:write")
    @idempotent_if_keyed
    @people_blp.arguments(CompanyInput)
    @people_blp.response(201, CompanySchema)
    @people_blp.alt_response(200, schema=CompanySchema, description="The reference is known: the company there is")
    def post(self, body: dict[str, Any]) -> tuple[Company, int]:
        """Create a company."""
        company, is_new = operations.create_company(**body)
        return company, 201 if is_new else 200


@people_blp.route("/companies/<company_id>")
class OneCompany(MethodView):
    @requires("companies:read")
    @people_blp.response(200, CompanySchema)
    @people_blp.alt_response(404, schema=ProblemSchema, description="No such company, or another's")
    def get(self, company_id: str) -> dict[str, Any]:
        """Read a company."""
        return operations.get_company(current_principal(), company_id)


@keys_blp.route("/jwks.json")
class Keys(MethodView):
    @public
    @keys_blp.response(200, KeysSchema)
    def get(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Publish the public keys (JWKS, RFC 7517)."""
        return clients().keys.jwks, 200, {"Cache-Control": "public, max-age=300"}


@internal_blp.route("/service-tokens")
class ServiceTokens(MethodView):
    @public
    @internal_blp.arguments(ServiceTokenInput)
    @internal_blp.response(200, ServiceTokenSchema)
    @internal_blp.alt_response(401, schema=ProblemSchema, description="Name or secret is wrong")
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give a service a token for one other; its secret proves who asks."""
        return operations.issue_service_token(**body)


@internal_blp.route("/users/<user_id>")
class OneUser(MethodView):
    @internal
    @internal_blp.response(200, UserSchema)
    def get(self, user_id: str) -> User:
        """Read a person."""
        return operations.get_user(user_id)


@internal_blp.route("/companies/<company_id>/contacts")
class Contacts(MethodView):
    @internal
    @internal_blp.response(200, ContactsSchema)
    def get(self, company_id: str) -> dict[str, Any]:
        """List whom to write to in a company."""
        return {"items": operations.list_contacts(company_id)}
