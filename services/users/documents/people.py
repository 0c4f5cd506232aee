"""Companies, their people, and the roles that say what people may do."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar, Self

from mongoengine import BooleanField, Document, ListField, StringField
from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from services.users.rules import DEFAULT_ROLES, normalized_email
from shared.blind_index import blind_index
from shared.errors import LostRace
from shared.persistence import Aggregate, surviving_failover
from shared.sealed_fields import EncryptedStringField

INDEX_NOT_FOUND = 27


class Company(Aggregate):
    """A buying company; `reference` is the merchant's own number for it, unique in the installation."""

    id_prefix = "cmp"

    name = StringField(required=True, max_length=200)
    reference = StringField(max_length=100)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "companies",
        "db_alias": "users",
        "indexes": [
            {
                "fields": ["reference"],
                "unique": True,
                "partialFilterExpression": {"reference": {"$exists": True}},
            }
        ],
    }

    @classmethod
    def find_by_reference(cls, reference: str) -> Self | None:
        found: Self | None = cls.objects(reference=str(reference)).first()
        return found


class User(Aggregate):
    """
    A person who signs in; `company_id` is None for the merchant's own people.

    Name and address are encrypted; `email_index` stands for the address where one is found or must be unique.
    """

    id_prefix = "usr"

    email = EncryptedStringField(required=True, max_length=254)
    email_index = StringField()
    name = EncryptedStringField(required=True, max_length=200)
    company_id = StringField()
    roles = ListField(StringField())
    password_hash = StringField(required=True)
    is_active = BooleanField(default=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "users",
        "db_alias": "users",
        "indexes": [
            {
                "fields": ["email_index"],
                "unique": True,
                "partialFilterExpression": {"email_index": {"$exists": True}},
            },
            "company_id",
        ],
    }

    @classmethod
    def find_by_email(cls, email: str) -> Self | None:
        found: Self | None = cls.objects(email_index=email_index(email)).first()
        return found

    @classmethod
    def seal_plain(cls) -> int:
        """Encrypt the people whom a version without encryption stored, and return how many those were."""
        if "email_1" in cls.collection().index_information():
            _drop_plain_index(cls)
        plain = cls.objects(email_index=None)
        for person in plain:
            with suppress(LostRace):  # another process, starting too, was faster
                person.commit()
        return len(plain)

    def commit(self) -> Self:
        """Write as every aggregate does, with the index of the address there is."""
        self.email_index = email_index(self.email)
        return super().commit()


def email_index(email: str) -> str:
    """Return what stands for an address in the database, whatever its spelling."""
    return blind_index("users", "users.email", normalized_email(str(email)))


def _drop_plain_index(document: type[User]) -> None:
    try:
        document.collection().drop_index("email_1")
    except OperationFailure as refusal:
        if refusal.code != INDEX_NOT_FOUND:  # else another process was faster
            raise


class Role(Document):
    """A named set of permissions, editable by the merchant; the id is its name."""

    id = StringField(primary_key=True)
    permissions = ListField(StringField())

    meta: ClassVar[dict[str, Any]] = {
        "collection": "roles",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
    }

    @classmethod
    def ensure_defaults(cls) -> None:
        """Create the roles that are missing; what a merchant edited stays."""
        changes = [
            UpdateOne({"_id": name}, {"$setOnInsert": {"permissions": list(permissions)}}, upsert=True)
            for name, permissions in DEFAULT_ROLES.items()
        ]
        surviving_failover(lambda: cls._get_collection().bulk_write(changes, ordered=False))

    @classmethod
    def permissions_of(cls, names: Iterable[str]) -> set[str]:
        """Return what these roles together allow; a role that no longer exists allows nothing."""
        found = cls._get_collection().find({"_id": {"$in": [str(name) for name in names]}})
        return {permission for role in found for permission in role["permissions"]}
