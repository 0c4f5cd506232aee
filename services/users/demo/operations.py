"""Seeding the demo; its password is published, so its people exist in demo mode only."""

from __future__ import annotations

from mongoengine.errors import NotUniqueError

from services.users.clients.passwords import PasswordQueue
from services.users.companies.documents import Company
from services.users.companies.rules import CompanyDetails
from services.users.config import DEMO_MODE
from services.users.demo.rules import COMPANIES, PEOPLE, DemoPerson
from services.users.errors import NotDemo
from services.users.people.documents import Role, User
from services.users.people.rules import NewPerson


def seed_demo(password: str, *, mode: str) -> int:
    """Create what is missing of the demo and return how many people that were; raise NotDemo in any other mode."""
    if mode != DEMO_MODE:
        raise NotDemo(f"This installation runs as {mode or 'prod'}")
    Role.ensure_defaults()
    companies = {
        reference: Company.find_or_create(CompanyDetails(name, reference))[0].id
        for reference, name in COMPANIES.items()
    }
    passwords = PasswordQueue()
    return sum(_seed(person, password, passwords, companies) for person in PEOPLE)


def _seed(person: DemoPerson, password: str, passwords: PasswordQueue, companies: dict[str, str]) -> bool:
    if User.find_by_email(person.email) is not None:
        return False
    company_id = companies[person.company] if person.company else None
    try:
        User.create(
            NewPerson(person.email, person.name, [person.role], company_id), password_hash=passwords.hash(password)
        )
    except NotUniqueError:  # another seed run was faster
        return False
    return True
