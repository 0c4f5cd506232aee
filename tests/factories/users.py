"""Companies and people, saved and realistic."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.users.clients.passwords import PasswordQueue
from services.users.companies.documents import Company
from services.users.people.documents import User
from shared.base.ids import new_id

PASSWORD = "correct horse battery staple"


@cache
def _hashed(password: str) -> str:
    return PasswordQueue().hash(password)


def make_company(**changes: Any) -> Company:
    return Company(**{"name": "Acme Workshop Ltd", **changes}).commit()


def make_user(*, password: str = PASSWORD, **changes: Any) -> User:
    """A buyer of a company of her own, unless `company_id` or `roles` say otherwise."""
    defaults = {"email": f"{new_id('mail')}@acme.example", "name": "Bea Buyer", "roles": ["buyer"]}
    if "company_id" not in changes:
        defaults["company_id"] = make_company().id
    return User(**{**defaults, "password_hash": _hashed(password), **changes}).commit()


def make_rep(**changes: Any) -> User:
    return make_user(**{"company_id": None, "roles": ["sales_rep"], "name": "Remy Rep", **changes})
