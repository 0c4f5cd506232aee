"""People: who one is, and whom other services may write to."""

from __future__ import annotations

from typing import Any

from services.users.clients.passwords import PasswordQueue
from services.users.documents import Company, User
from services.users.errors import SessionOver
from services.users.rules import normalized_email
from shared.web.tokens import Principal

CONTACTS = 100


def create_user(
    passwords: PasswordQueue, *, email: str, name: str, password: str, company_id: str | None, roles: list[str]
) -> User:
    """Create a person; raise NotUniqueError when the address is taken, in whatever spelling."""
    return User(
        email=normalized_email(email),
        name=name,
        company_id=company_id,
        roles=roles,
        password_hash=passwords.hash(password),
    ).commit()


def describe_me(reader: Principal) -> dict[str, Any]:
    """Return who is signed in, for which company, with which rights, and who acts if somebody does."""
    user = User.objects(id=reader.id, is_active=True).first()
    if user is None:
        raise SessionOver()
    company = Company.objects(id=reader.company_id).first() if reader.company_id else None
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "company": {"id": company.id, "name": company.name} if company else None,
        "roles": list(user.roles),
        "permissions": sorted(reader.permissions),
        "acting": {"user_id": reader.actor_id, "name": user.name} if reader.actor_id else None,
    }


def get_user(user_id: str) -> User:
    return User.get(user_id)


def list_contacts(company_id: str) -> list[dict[str, Any]]:
    """Return the active people of a company, the first hundred."""
    Company.get(company_id)
    people = User.objects(company_id=company_id, is_active=True).order_by("id").limit(CONTACTS)
    return [{"user_id": each.id, "email": each.email, "name": each.name} for each in people]
