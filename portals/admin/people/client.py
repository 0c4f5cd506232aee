"""Invitations at the gateway."""

from __future__ import annotations

import msgspec

from shared.portal.answers import Answer, Page
from shared.portal.gateway import Area, Call, segment

PAGE_SIZE = 25


class Invitation(Answer, frozen=True, kw_only=True):
    """`token` is in the answer that creates a link only."""

    id: str
    email: str
    name: str
    company_id: str | None
    roles: list[str]
    expires_at: str
    is_expired: bool
    token: str | None = None


class InvitedPerson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`company_id` is None for the merchant's staff."""

    email: str
    name: str
    roles: list[str]
    company_id: str | None = None


class People(Area):
    def list_invitations(self, cursor: str | None) -> Page[Invitation]:
        return self.gateway.get("/invitations", Page[Invitation], cursor=cursor, limit=PAGE_SIZE, with_total="true")

    def invite(self, person: InvitedPerson) -> Invitation:
        return self.gateway.send(Call("POST", "/invitations", body=person)).read(Invitation)

    def renew(self, user_id: str) -> Invitation:
        return self.gateway.send(Call("POST", f"/invitations/{segment(user_id)}/renewal", body={})).read(Invitation)

    def withdraw(self, user_id: str) -> None:
        self.gateway.send(Call("DELETE", f"/invitations/{segment(user_id)}"))


people = People()
