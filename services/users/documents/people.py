"""Companies, their people, and the roles that say what people may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from mongoengine import BooleanField, Document, ListField, StringField
from pymongo import UpdateOne

from services.users.rules import DEFAULT_ROLES, normalized_email
from shared.persistence import Aggregate, surviving_failover


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
    """A person who signs in; `company_id` is None for the merchant's own people."""

    id_prefix = "usr"

    email = StringField(required=True, max_length=254)
    name = StringField(required=True, max_length=200)
    company_id = StringField()
    roles = ListField(StringField())
    password_hash = StringField(required=True)
    is_active = BooleanField(default=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "users",
        "db_alias": "users",
        "indexes": [{"fields": ["email"], "unique": True}, "company_id"],
    }

    @classmethod
    def find_by_email(cls, email: str) -> Self | None:
        found: Self | None = cls.objects(email=normalized_email(str(email))).first()
        return found


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
