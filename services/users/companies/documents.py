"""Companies as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import msgspec
from mongoengine import ListField, StringField
from mongoengine.errors import NotUniqueError

from services.users.companies.rules import CompanyDetails, search_terms
from shared.data.persistence import Aggregate
from shared.data.text_search import begins_with


class Company(Aggregate):
    """A buying company; `reference` is the merchant's own number for it, unique in the installation."""

    id_prefix = "cmp"

    name = StringField(required=True, max_length=200)
    reference = StringField(max_length=100)
    search_terms = ListField(StringField())

    meta = {
        "collection": "companies",
        "db_alias": "users",
        "indexes": [
            {
                "fields": ["reference"],
                "unique": True,
                "partialFilterExpression": {"reference": {"$exists": True}},
            },
            ("search_terms", "_id"),
            ("updated_at", "_id"),
        ],
    }

    def commit(self) -> Self:
        self.search_terms = search_terms(self.name, self.reference)
        return super().commit()

    @classmethod
    def ids_named(cls, words: Sequence[str], *, limit: int) -> list[str]:
        """Return the ids of the first companies of which each word begins a search term."""
        found = cls.collection().find(begins_with("search_terms", words), {"_id": 1}).sort("_id", 1).limit(limit)
        return [each["_id"] for each in found]

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
    updated_at: datetime | None = None
