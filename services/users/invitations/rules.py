"""Invitations: request and response values, and how long one is valid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

INVITATION_HOURS = 72


@dataclass(frozen=True)
class TokenGiven:
    """The token of an invitation's link."""

    token: str


@dataclass(frozen=True)
class Acceptance:
    """The token of an invitation's link, and the name and password that the person chose."""

    token: str
    name: str
    password: str


@dataclass(frozen=True)
class InvitationView:
    """An invitation as the API shows it; `token` is set only in the answer to the person who invites."""

    id: str
    email: str
    name: str
    company_id: str | None
    roles: Sequence[str]
    expires_at: datetime
    is_expired: bool
    token: str | None = None
    revision: str = ""
