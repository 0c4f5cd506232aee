"""Invitations in memory, in the shapes of the published API."""

from __future__ import annotations

from typing import Any

from shared.portal.gateway import Call
from tests.portals.fake_shapes import Json, Refusal, page


class FakePeople:
    """`invitations` by token; an accepted one stays, as used."""

    def __init__(self) -> None:
        self.invitations: dict[str, Json] = {}
        self.passwords: dict[str, str] = {}

    def routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("GET", "/invitations", lambda user, call: (200, page(self._open(), call))),
            ("POST", "/invitations", self._invite),
            ("POST", "/invitations/([^/]+)/renewal", self._renew),
            ("DELETE", "/invitations/([^/]+)", self._withdraw),
        ]

    def add(self, token: str, **changes: Any) -> Json:
        person: Json = {"id": f"usr_{token}", "email": "new@merchant.example", "name": "Nia New", "company_id": None}
        person |= {"roles": ["sales_rep"], "expires_at": "2026-10-05T08:00:00Z", "is_expired": False}
        self.invitations[token] = person | changes
        return self.invitations[token]

    def lookup(self, body: Json) -> Json:
        found = self.invitations.get(body["token"])
        if found is None:
            raise Refusal(404, "invitation-unknown")
        if found["email"] in self.passwords:
            raise Refusal(410, "invitation-used")
        if found["is_expired"]:
            raise Refusal(410, "invitation-expired")
        return found

    def accept(self, body: Json) -> Json:
        found = self.lookup(body)
        if len(body["password"]) < 12:
            detail = "Use at least 12 characters, and at most 1024."
            raise Refusal(422, "invalid-input", errors=[{"pointer": "/password", "detail": detail}])
        if body["password"] == "password1234":
            detail = "This password is too common; choose another."
            raise Refusal(422, "invalid-input", errors=[{"pointer": "/password", "detail": detail}])
        self.passwords[found["email"]] = body["password"]
        return found

    def _open(self) -> list[Json]:
        return [each for each in self.invitations.values() if each["email"] not in self.passwords]

    def _invite(self, user: Json, call: Call) -> tuple[int, Json]:
        if call.body["email"] == "taken@merchant.example":
            raise Refusal(409, "person-known")
        token = f"token-{len(self.invitations) + 1}"
        return 201, self.add(token, **call.body) | {"token": token}

    def _renew(self, user: Json, call: Call, user_id: str) -> tuple[int, Json]:
        token = next(token for token, each in self.invitations.items() if each["id"] == user_id)
        self.invitations["renewed"] = self.invitations.pop(token)
        return 200, self.invitations["renewed"] | {"token": "renewed"}

    def _withdraw(self, user: Json, call: Call, user_id: str) -> tuple[int, None]:
        self.invitations = {token: each for token, each in self.invitations.items() if each["id"] != user_id}
        return 204, None
