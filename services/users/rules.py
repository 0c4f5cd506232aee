"""Who may do what, and how long a failed sign-in must wait: plain data in and out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

DEMO_MODE = "demo"
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
INVITATION_HOURS = 72

# A mistyping person notices nothing; a guesser gets two tries a minute. The second row counts an account's failures
# from everywhere: it slows a spread-out attack, but never keeps the owner out for longer than five seconds.
FREE_FAILURES, LONGEST_WAIT_SECONDS = 5, 30.0
FREE_ACCOUNT_FAILURES, LONGEST_ACCOUNT_WAIT_SECONDS = 50, 5.0


def normalized_email(email: str) -> str:
    """Return the one spelling under which an address is stored and found."""
    return email.strip().casefold()


def digest(*parts: str) -> str:
    """Return a fixed-length key for text that must not be stored as it is, such as a refresh token."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def wait_after(failures: int, *, free: int, longest: float) -> float:
    """Return the seconds to wait after so many failures in a row: none at first, then doubling up to `longest`."""
    if failures < free:
        return 0.0
    return min(longest, 2.0 ** min(failures - free, 10))


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


def is_refused_password(password: str, mode: str) -> bool:
    """Tell whether a password is known to everybody and this is not the demo."""
    return password == DEMO_PASSWORD and mode != DEMO_MODE
