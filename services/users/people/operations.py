"""People: who is signed in, and to whom other services may write."""

from __future__ import annotations

from services.users.companies.documents import Company
from services.users.errors import SessionOver
from services.users.people.documents import User
from services.users.people.rules import Actor, CompanyName, Contact, Contacts, SignedInPerson
from shared.web.tokens import Principal

CONTACTS = 100


def describe_me(reader: Principal) -> SignedInPerson:
    """Return who is signed in, for which company, with which permissions, and who acts for it; or SessionOver."""
    user = User.find_active(reader.id)
    if user is None:
        raise SessionOver()
    company = Company.objects(id=reader.company_id).first() if reader.company_id else None
    return SignedInPerson(
        id=user.id,
        email=user.email,
        name=user.name,
        company=CompanyName(company.id, company.name) if company else None,
        roles=list(user.roles),
        permissions=sorted(reader.permissions),
        acting=Actor(reader.actor_id, user.name) if reader.actor_id else None,
    )


def get_user(user_id: str) -> User:
    return User.get(user_id)


def list_contacts(company_id: str) -> Contacts:
    """Return the active people of a company, at most a hundred."""
    Company.get(company_id)
    people = User.read_many({"company_id": company_id, "is_active": True}, limit=CONTACTS)
    return Contacts([Contact(each.id, each.email, each.name) for each in people])
