"""What tests of every service share: tokens, and an API client that is signed in."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from werkzeug.test import TestResponse

from services.users.people.rules import BUYER_ROLE, DEFAULT_ROLES, acting_permissions, scope_of
from shared.base.errors import AccessTokenInvalid
from shared.web.tokens import USER_AUDIENCE, TokenSigner

ACME = "cmp_acme"
GLOBEX = "cmp_globex"

SCOPES = {
    **{role: scope_of(permissions) for role, permissions in DEFAULT_ROLES.items()},
    "acting_rep": scope_of(acting_permissions(DEFAULT_ROLES["sales_rep"], DEFAULT_ROLES[BUYER_ROLE])),
    "nobody": "",
}
STAFF = {"merchant_admin", "sales_rep"}


class Tokens:
    """Mints tokens of any shape, and is the key source that verifies them."""

    KID = "test-key"

    def __init__(self) -> None:
        private_key = ec.generate_private_key(ec.SECP256R1())
        self._public_key = private_key.public_key()
        self._key = private_key
        self._signer = TokenSigner(private_key, self.KID)

    def key(self, kid: str) -> Any:
        if kid != self.KID:
            raise AccessTokenInvalid("The token is signed with a key that is not ours")
        return self._public_key

    def user(
        self, role: str = "buyer", *, company_id: str | None = ACME, user_id: str = "usr_one", **claims: Any
    ) -> str:
        company = None if role in STAFF else company_id
        standard = {"scope": SCOPES[role], "company_id": company, "sid": "ses_one", "name": user_id}
        return self._signer.mint(user_id, audience=USER_AUDIENCE, **{**standard, **claims})

    def service(self, name: str, audience: str) -> str:
        return self._signer.mint(f"svc_{name}", audience=audience)


class Api:
    """
    An HTTP client of one app, signed in as a user (`role=`) or as a service (`service=`); `role=None` is anonymous.

    Unsafe requests carry a new `Idempotency-Key` each, unless the test gives one.
    """

    def __init__(
        self, app: Flask, tokens: Tokens, *, role: str | None = "buyer", service: str = "", **who: Any
    ) -> None:
        self.app = app
        self._client = app.test_client()
        self._headers: dict[str, str] = {}
        if service:
            self._headers["Authorization"] = f"Bearer {tokens.service(service, app.name)}"
        elif role is not None:
            self._headers["Authorization"] = f"Bearer {tokens.user(role, **who)}"

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        keyed = {} if method == "GET" else {"Idempotency-Key": str(uuid4())}
        sent = {**keyed, **self._headers, **(headers or {})}
        response = self._client.open(path, method=method, headers=sent, **options)
        if response.status_code == 201 and path.startswith("/v1/"):
            self._check_location(response.headers["Location"], sent)
        return response

    def _check_location(self, location: str, headers: dict[str, str]) -> None:
        """What was created is where the answer says, for a caller who may read it; the card page is the processor's."""
        if location.startswith("/"):
            found = self._client.get(location, headers=headers)
            assert found.status_code in (200, 403), f"{location} answers {found.status_code}"
            assert "ETag" in found.headers or found.status_code == 403, f"{location} has no tag"

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.request("DELETE", path, **options)
