"""Sign-in: what is sent, what is answered, and how long a failed attempt must wait."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import msgspec

# A mistyping person notices nothing; a guesser gets two attempts a minute. The second row counts an account's failures
# from all networks, at most five of each: it slows an attack from many, and never a place where the owner signed in.
FREE_FAILURES, LONGEST_WAIT_SECONDS = 5, 30.0
FREE_ACCOUNT_FAILURES, LONGEST_ACCOUNT_WAIT_SECONDS = 50, 5.0
# How many networks and devices an account is known by; the least recently used are dropped.
PLACES_PER_ACCOUNT = 20

# The shape of a device token: 256 random bits. One token serves every account of a browser.
DEVICE_TOKEN = re.compile(r"dev_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Credentials:
    """`device_token` says which device this is; `remember_device` asks for one that later sign-ins can send."""

    email: str
    password: str
    device_token: str = ""
    remember_device: bool = False


@dataclass(frozen=True)
class RefreshRequest:
    refresh_token: str


@dataclass(frozen=True)
class ActingRequest:
    """For which company a member of staff wants to act, and why."""

    company_id: str
    reason: str


@dataclass(frozen=True)
class Tokens:
    """`expires_in` is the access token's life in seconds; `device_token` is set where the client asked for one."""

    access_token: str
    refresh_token: str
    expires_in: int
    device_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105 (a scheme)


@dataclass(frozen=True)
class ActingToken:
    """`expires_in` is in seconds."""

    access_token: str
    expires_in: int
    company_id: str
    token_type: str = "Bearer"  # noqa: S105 (a scheme)


class IssuedSession(msgspec.Struct, frozen=True, kw_only=True):
    """An open session with the time of its latest access token, and digests of what its tokens allow."""

    id: str = msgspec.field(name="_id")
    user_id: str
    issued_at: datetime
    scope_digest: str | None = None
    acting_digest: str | None = None

    def changed(self, *, scope: str, acting: str) -> dict[str, str]:
        """Return the digests of the present rights where they differ from those in the session's tokens."""
        compared = (("scope_digest", self.scope_digest, scope), ("acting_digest", self.acting_digest, acting))
        return {name: present for name, issued, present in compared if issued not in (None, present)}


def wait_after(failures: int, *, free: int, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row: none at first, then doubling up to `longest`."""
    if failures < free:
        return 0.0
    return min(longest, 2.0 ** min(failures - free, 10))
