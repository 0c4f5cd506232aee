"""Changes of what the users service has stored, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from shared.base.search_terms import terms_of
from shared.data.blind_index import blind_index
from shared.data.encryption import PERSONAL, FieldContext, cipher_of
from shared.data.migrations import Migration

PEOPLE_PER_BATCH = 200
COMPANIES_PER_BATCH = 500


def let_merchant_admins_invite(database: Database[Any]) -> Iterator[None]:
    """Give the permission to the role of installations older than it; a merchant may take it away again."""
    change = {"$addToSet": {"permissions": "users:invite:any"}}
    database["roles"].update_one({"_id": "merchant_admin"}, change)
    yield


def seal_people(database: Database[Any]) -> Iterator[None]:
    """Encrypt name and address of those whom a version without encryption stored, and have them found by a digest."""
    people = database["users"]
    if "email_1" in people.index_information():
        people.drop_index("email_1")
    known = {"email": 1, "name": 1, "email_index": 1}
    last = ""
    while batch := list(people.find({"_id": {"$gt": last}}, known).sort("_id", 1).limit(PEOPLE_PER_BATCH)):
        changes = [_encrypted(each) for each in batch if each.get("email_index") is None]
        if changes:
            people.bulk_write(changes, ordered=False)
        last = batch[-1]["_id"]
        yield


def _encrypted(person: dict[str, Any]) -> UpdateOne:
    """Return the change of a person stored plain; without effect on one written since, and so encrypted."""
    plain = {name: person[name] for name in ("email", "name")}
    cipher = cipher_of("users")
    encrypted = {
        name: cipher.encrypt(text.encode(), FieldContext(PERSONAL, f"users.{name}")) for name, text in plain.items()
    }
    index = blind_index("users", "users.email", plain["email"].strip().casefold())
    return UpdateOne({"_id": person["_id"], **plain}, {"$set": {**encrypted, "email_index": index}})


def find_companies_by_name(database: Database[Any]) -> Iterator[None]:
    """Give search terms to the companies of versions that could not search them."""
    companies, last = database["companies"], ""
    shown = {"name": 1, "reference": 1, "search_terms": 1}
    while batch := list(companies.find({"_id": {"$gt": last}}, shown).sort("_id", 1).limit(COMPANIES_PER_BATCH)):
        changes = [
            UpdateOne({"_id": each["_id"], "search_terms": None}, {"$set": {"search_terms": _terms(each)}})
            for each in batch
            if not each.get("search_terms")
        ]
        if changes:
            companies.bulk_write(changes, ordered=False)
        last = batch[-1]["_id"]
        yield


def _terms(company: dict[str, Any]) -> list[str]:
    return sorted({*terms_of(company["name"]), *terms_of(company.get("reference") or "")})


MIGRATIONS = (
    Migration(1, "let_merchant_admins_invite", let_merchant_admins_invite),
    Migration(2, "seal_people", seal_people),
    Migration(3, "find_companies_by_name", find_companies_by_name),
)
