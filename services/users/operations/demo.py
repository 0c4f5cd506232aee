"""The demo's people and companies: known to everybody, so they exist in demo mode only."""

from __future__ import annotations

from dataclasses import dataclass

from mongoengine.errors import NotUniqueError

from services.users.clients.passwords import PasswordQueue
from services.users.documents import Role, User
from services.users.errors import NotDemo
from services.users.operations.companies import create_company
from services.users.operations.people import create_user
from services.users.rules import DEMO_MODE


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


def seed_demo(password: str, *, mode: str) -> int:
    """Create what is missing of the demo and return how many people that were; raise NotDemo in any other mode."""
    if mode != DEMO_MODE:
        raise NotDemo(f"This installation runs as {mode or 'prod'}")
    Role.ensure_defaults()
    companies = {
        reference: create_company(name=name, reference=reference)[0].id for reference, name in COMPANIES.items()
    }
    passwords = PasswordQueue()
    return sum(_seed(person, password, passwords, companies) for person in PEOPLE)


def _seed(person: DemoPerson, password: str, passwords: PasswordQueue, companies: dict[str, str]) -> bool:
    if User.find_by_email(person.email) is not None:
        return False
    try:
        create_user(
            passwords,
            email=person.email,
            name=person.name,
            password=password,
            company_id=companies[person.company] if person.company else None,
            roles=[person.role],
        )
    except NotUniqueError:  # another seeder was faster
        return False
    return True
