"""What is said of a company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CompanyDetails:
    """`reference` is the merchant's own number for the company."""

    name: str
    reference: str | None = None


@dataclass(frozen=True)
class CompaniesFilter:
    """Which companies, and which page of them."""

    cursor: str | None
    limit: int
    reference: str | None = None
