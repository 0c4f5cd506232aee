"""The product: one document per SKU, whose every change records its whole state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec
from mongoengine import BooleanField, DictField, IntField, ListField, StringField

from shared.base.errors import NotFound
from shared.data.events import Envelope
from shared.data.persistence import Aggregate, retry_on_failover
from shared.events.catalog.products import ProductChanged, ProductState

STATE = ("sku", "name", "description", "category", "unit_price", "price_breaks", "is_active")
PRICED = {"sku": 1, "name": 1, "unit_price": 1, "price_breaks": 1, "is_active": 1, "_id": 0}
WITHOUT_OUTBOX = {"outbox": 0}


class Product(Aggregate):
    """
    What the merchant sells; the SKU is its natural key.

    `unit_price` and those of `price_breaks` hold exact minor units as text beside the currency; breaks are sorted.
    `imported_by` names the import that wrote it last and what that did, so that a repeated batch counts the same.
    """

    id_prefix = "prod"

    sku = StringField(required=True)
    name = StringField(required=True)
    description = StringField(default="")
    category = StringField(default="")
    unit_price = DictField(required=True)
    price_breaks = ListField(DictField())
    is_active = BooleanField(default=True)
    imported_by = StringField()
    schema_version = IntField(default=1)

    meta = {
        "collection": "products",
        "db_alias": "products",
        "indexes": [
            {"fields": ["sku"], "unique": True},
            {"fields": ["category", "sku"]},
            {"fields": ["is_active", "sku"]},
            {"fields": ["is_active", "category", "sku"]},
        ],
    }

    @classmethod
    def get_by_sku(cls, sku: str) -> Self:
        """Return the product, or raise NotFound."""
        found = cls.objects(sku=str(sku)).first()
        if found is None:
            raise _absent(sku)
        return found

    @classmethod
    def fields_by_sku(cls, sku: str, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stored product as a mapping, or raise NotFound; for hot reads."""
        found = cls.collection().find_one({**scope, "sku": str(sku)}, WITHOUT_OUTBOX)
        if found is None:
            raise _absent(sku)
        return found

    @classmethod
    def by_sku(cls, skus: Iterable[str], fields: Mapping[str, int] = WITHOUT_OUTBOX) -> dict[str, dict[str, Any]]:
        """Return stored products by SKU, in one query."""
        wanted = list(skus)
        found = retry_on_failover(lambda: list(cls.collection().find({"sku": {"$in": wanted}}, dict(fields))))
        return {each["sku"]: each for each in found}

    def change(self, changes: Mapping[str, Any]) -> bool:
        """Take over what differs, record the new state, and tell whether anything did."""
        different = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not different and self.version:
            return False
        for name, value in different.items():
            setattr(self, name, value)
        self.record(product_changed({name: getattr(self, name) for name in STATE}, self.version + 1))
        return True

    def to_fields(self) -> dict[str, Any]:
        """Return what a response shows, as the stored document holds it."""
        names = (*STATE, "version", "created_at", "updated_at")
        return {name: getattr(self, name) for name in names}


def product_changed(state: Mapping[str, Any], version: int) -> ProductChanged:
    """Return the event that carries a product's whole state after its commit number `version`."""
    plain = {name: state[name] for name in STATE}
    plain["unit_price"] = dict(plain["unit_price"])
    plain["price_breaks"] = [
        {"min_quantity": step["min_quantity"], "unit_price": dict(step["unit_price"])} for step in plain["price_breaks"]
    ]
    return ProductChanged(sku=state["sku"], version=version, product=msgspec.convert(plain, ProductState))


def wrapped_change(product_id: str, state: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Return the outbox entry of a change that is written in bulk, past the aggregate."""
    return Envelope.wrap(product_changed(state, version), aggregate_id=product_id, version=version).to_document()


def _absent(sku: str) -> NotFound:
    return NotFound(f"There is no product {sku}")
