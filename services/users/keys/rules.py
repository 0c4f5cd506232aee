"""Digests of secrets, and what a service sends to get a token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceCredentials:
    """A service's name and secret, and the service `audience` that it wants to call."""

    service: str
    secret: str
    audience: str


@dataclass(frozen=True)
class ServiceToken:
    """`expires_in` is in seconds."""

    access_token: str
    expires_in: int


def digest(*parts: str) -> str:
    """Return the SHA-256 (hexadecimal) of text that must not be stored as it is, such as a refresh token."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
