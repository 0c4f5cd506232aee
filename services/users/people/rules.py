"""What a person may do: roles, permissions, and the passwords that are refused."""

from __future__ import annotations

import string
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import msgspec

from services.users.config import DEMO_MODE
from shared.base.mail_addresses import with_ascii_domain
from shared.base.texts import comparable

DEMO_PASSWORD = "tradepost-demo"  # noqa: S105 - public on purpose: refused outside demo mode

BUYER_ROLE = "buyer"
_BUYER = (
    "products:read",
    "cart:write",
    "orders:read",
    "orders:write",
    "payments:read",
    "payments:write",
    "companies:read",
    "notifications:read",
)
DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {
    BUYER_ROLE: _BUYER,
    "approver": _BUYER,
    "merchant_admin": (
        "products:read",
        "products:write",
        "inventory:write",
        "orders:read:any",
        "orders:write:any",
        "orders:ship:any",
        "orders:return:any",
        "payments:read:any",
        "payments:refund:any",
        "companies:read:any",
        "companies:write:any",
        "users:invite:any",
        "notifications:read:any",
    ),
    "sales_rep": (
        "products:read",
        "orders:read:any",
        "payments:read:any",
        "companies:read:any",
        "companies:act",
        "orders:override_price",
        "notifications:read:any",
    ),
}

OWNER_ROLE = "merchant_admin"
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 12, 1024
LEAST_DIFFERENT_CHARACTERS = 4
PADDING = string.digits + string.punctuation
KEY_ROWS = (
    "0123456789" * 4,
    string.ascii_lowercase * 2,
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)


@dataclass(frozen=True)
class NewPerson:
    """`company_id` is None for the merchant's own staff."""

    email: str
    name: str
    roles: Sequence[str]
    company_id: str | None = None


@dataclass(frozen=True)
class CompanyName:
    id: str
    name: str


@dataclass(frozen=True)
class Actor:
    """The member of staff who acts for a company."""

    user_id: str
    name: str


@dataclass(frozen=True)
class SignedInPerson:
    """Who is signed in, for which company, with which permissions; `acting` is set while staff act for a company."""

    id: str
    email: str
    name: str
    company: CompanyName | None
    roles: Sequence[str]
    permissions: Sequence[str]
    acting: Actor | None


@dataclass(frozen=True)
class Contact:
    user_id: str
    email: str
    name: str


@dataclass(frozen=True)
class Contacts:
    items: Sequence[Contact]


def normalized_email(email: str) -> str:
    """Return the one spelling under which an address is stored and found, with its domain in ASCII."""
    return with_ascii_domain(email.strip().casefold())


def scope_of(permissions: Iterable[str]) -> str:
    """Return the `scope` claim."""
    return " ".join(sorted(set(permissions)))


def acting_permissions(staff: Iterable[str], buyer: Iterable[str]) -> set[str]:
    """Return what a member of staff may do for one company: what its buyers may, and what needs no `:any`."""
    return set(buyer) | {permission for permission in staff if not permission.endswith(":any")}


def roles_refused(roles: Mapping[str, Iterable[str] | None], *, for_staff: bool) -> list[str]:
    """
    Return the roles that may not be given: those that do not exist (None), and those of the other side.

    A role is the merchant's when one of its permissions reaches every company (`:any`).
    """
    return [
        name
        for name, permissions in roles.items()
        if permissions is None or any(each.endswith(":any") for each in permissions) != for_staff
    ]


class PersonStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a stored person is active (an operator may have written 0 for false), and in which roles."""

    id: str = msgspec.field(name="_id")
    roles: list[str] = []
    is_active: bool | float = True


@dataclass(frozen=True)
class PeopleFound:
    """The people of a look-up by id, and the ids of those whose document cannot be read."""

    readable: Mapping[str, PersonStanding]
    unreadable: Set[str]


class StoredRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role as the store has it; merchants edit it there, so its permissions may have any shape."""

    id: str = msgspec.field(name="_id")
    permissions: object = None

    def allowed(self) -> list[str]:
        """Return the permissions: none when they were emptied or are no list."""
        if not isinstance(self.permissions, list):
            return []
        return [each for each in self.permissions if isinstance(each, str)]


def is_refused_password(password: str, mode: str) -> bool:
    """Return whether a password is the published one of the demo, outside demo mode."""
    return comparable(password) == DEMO_PASSWORD and mode != DEMO_MODE


def why_refused(password: str, common: Container[str]) -> str | None:
    """
    Return why a password may not be chosen, None for a good one.

    Guessers begin with common passwords, with digits or signs at their ends or repeated, and with runs of keys.
    """
    text = comparable(password).casefold()
    if len(text) < MIN_PASSWORD_LENGTH:
        return f"Use at least {MIN_PASSWORD_LENGTH} characters."
    compact = "".join(text.split())
    if len(set(compact)) < LEAST_DIFFERENT_CHARACTERS:
        return f"Use at least {LEAST_DIFFERENT_CHARACTERS} different characters."
    unit = _repeated_unit(compact)
    bare = compact.strip(PADDING)
    if any(each in common for each in (text, compact, unit, unit.strip(PADDING), bare, _repeated_unit(bare))):
        return "This password is too common; choose another."
    if any(compact in row or compact[::-1] in row for row in KEY_ROWS):
        return "Do not use a row of keys, letters or digits."
    return None


def _repeated_unit(text: str) -> str:
    """Return the shortest text that repeats to `text`, which is `text` itself if none does."""
    place = (text + text).find(text, 1)
    return text[: max(place, 0)]
