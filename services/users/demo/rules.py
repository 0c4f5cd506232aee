"""The companies and people of the demo."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoPerson:
    """`company` is a key of COMPANIES, None for the merchant's own people."""

    email: str
    name: str
    role: str
    company: str | None = None


COMPANIES = {
    "demo-acme": "Acme Workshop Ltd",
    "demo-globex": "Globex Trading GmbH",
    "demo-initech": "Initech Supplies Inc",
}
PEOPLE = (
    DemoPerson("admin@tradepost.example", "Ada Admin", "merchant_admin"),
    DemoPerson("rep@tradepost.example", "Remy Rep", "sales_rep"),
    DemoPerson("buyer@acme.example", "Bea Buyer", "buyer", "demo-acme"),
    DemoPerson("approver@acme.example", "Abe Approver", "approver", "demo-acme"),
    DemoPerson("buyer@globex.example", "Gil Buyer", "buyer", "demo-globex"),
    DemoPerson("buyer@initech.example", "Ines Buyer", "buyer", "demo-initech"),
)
