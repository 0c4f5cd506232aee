"""The users service as an address book, cached for a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from shared.calls.resilience import resilient
from shared.calls.service_client import Identity, ServiceClient, UpstreamRefused, segment
from shared.data.cache import Cache

KEPT_SECONDS = 60.0


@dataclass(frozen=True)
class Contact:
    """A person who gets mail."""

    email: str
    name: str


class UsersClient(ServiceClient):
    service = "users"

    def __init__(self, url: str, *, identity: Identity, cache: Cache) -> None:
        super().__init__(url, identity=identity)
        self._cache = cache

    def user(self, user_id: str) -> list[Contact]:
        return self._remembered(f"user:{user_id}", lambda: self._fetch_user(user_id))

    def company_contacts(self, company_id: str) -> list[Contact]:
        return self._remembered(f"company:{company_id}", lambda: self._fetch_contacts(company_id))

    def _remembered(self, key: str, fetch: Callable[[], list[Contact]]) -> list[Contact]:
        found = self._cache.get_or_compute(key, KEPT_SECONDS, lambda: [asdict(each) for each in fetch()])
        return [Contact(**each) for each in found]

    @resilient(timeout=1.0, attempts=2)
    def _fetch_user(self, user_id: str, *, timeout: float) -> list[Contact]:
        try:
            return [_contact(self.get(f"/internal/v1/users/{segment(user_id)}", timeout=timeout))]
        except UpstreamRefused as refusal:
            return _none_found(refusal)

    @resilient(timeout=1.0, attempts=2)
    def _fetch_contacts(self, company_id: str, *, timeout: float) -> list[Contact]:
        try:
            found = self.get(f"/internal/v1/companies/{segment(company_id)}/contacts", timeout=timeout)
        except UpstreamRefused as refusal:
            return _none_found(refusal)
        return [_contact(each) for each in found["items"]]


def _contact(user: dict[str, Any]) -> Contact:
    return Contact(email=user["email"], name=user["name"])


def _none_found(refusal: UpstreamRefused) -> list[Contact]:
    if refusal.status != 404:
        raise refusal
    return []
