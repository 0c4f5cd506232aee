"""What is said of a company."""

from __future__ import annotations

from dataclasses import dataclass

from shared.base.pages import ChangesRequest
from shared.base.search_terms import terms_of


@dataclass(frozen=True)
class CompanyDetails:
    """`reference` is the merchant's own number for the company."""

    name: str
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class CompaniesFilter(ChangesRequest):
    """Which companies, and which page of them; `q` has the beginnings of words of their name or reference."""

    q: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class CompanyName:
    """A text by which other services look for companies."""

    q: str


@dataclass(frozen=True)
class CompanyIds:
    """Companies that were found, by id."""

    items: list[CompanyId]


@dataclass(frozen=True)
class CompanyId:
    id: str


def search_terms(name: str, reference: str | None) -> list[str]:
    """Return what a company is found by."""
    return sorted({*terms_of(name), *terms_of(reference or "")})
