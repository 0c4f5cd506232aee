"""Companies as they are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import msgspec
from mongoengine import StringField
from mongoengine.errors import NotUniqueError

from services.users.companies.rules import CompanyDetails
from shared.data.persistence import Aggregate


class Company(Aggregate):
    """A buying company; `reference` is the merchant's own number for it, unique in the installation."""

    id_prefix = "cmp"

    name = StringField(required=True, max_length=200)
    reference = StringField(max_length=100)

    meta = {
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
        return cls.objects(reference=str(reference)).first()

    @classmethod
    def find_or_create(cls, details: CompanyDetails) -> tuple[Self, bool]:
        """Return the company and whether it is new: a known reference returns its company."""
        known = cls.find_by_reference(details.reference) if details.reference else None
        if known is not None:
            return known, False
        try:
            return cls(name=details.name, reference=details.reference).commit(), True
        except NotUniqueError:
            winner = cls.find_by_reference(details.reference or "")
            if winner is None:
                raise
            return winner, False


class CompanyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A company as a read of the store gives it."""

    id: str = msgspec.field(name="_id")
    name: str
    reference: str | None = None
    created_at: datetime | None = None
