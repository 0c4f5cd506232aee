"""The product: one document per SKU, whose every change records its whole state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import msgspec
from mongoengine import BooleanField, StringField
from pymongo import InsertOne, UpdateOne

from services.products.catalog.rules import ProductFields, price_warnings, with_readable_prices
from services.products.stock.documents import Stock
from services.products.stock.rules import StockLevel
from shared.base.clock import now
from shared.base.errors import NotFound
from shared.base.ids import new_id
from shared.base.pages import ChangesRequest, PageRequest
from shared.base.preconditions import revision_of
from shared.data import pagination
from shared.data.events import Envelope
from shared.data.pagination import Page, changes_page, page
from shared.data.persistence import Aggregate, retry_on_failover
from shared.data.struct_fields import StructField, StructListField, read_each, stored_as, to_stored
from shared.events.catalog.products import Price, PriceBreak, ProductChanged

FIELD_NAMES = ProductFields.__struct_fields__
PRICED = {"sku": 1, "name": 1, "unit_price": 1, "price_breaks": 1, "is_active": 1, "_id": 0}
WITHOUT_OUTBOX = {"outbox": 0}
SORTS = {**pagination.SORTS, "sku": [("sku", 1, str)], "-sku": [("sku", -1, str)]}


class StoredProduct(ProductFields, frozen=True, kw_only=True):
    """
    A product as it is stored, its outbox left out.

    `imported_by` is `<import id>:<created or updated>` of the import that wrote it last, so that a repeated batch
    counts the same.
    """

    id: str = msgspec.field(name="_id")
    version: int
    commit_id: str | None = None
    imported_by: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def fields(self) -> ProductFields:
        return ProductFields(**{name: getattr(self, name) for name in FIELD_NAMES})

    @property
    def revision(self) -> str:
        return revision_of(self.version, self.commit_id)


class ProductView(StoredProduct, frozen=True, kw_only=True):
    """A product as the API shows it; `available` is None when it is not stocked, `warnings` are about its prices."""

    is_stocked: bool
    available: int | None

    @property
    def warnings(self) -> list[str]:
        return price_warnings(self)


@dataclass(frozen=True)
class StoredProducts:
    """Stored products by SKU, and the SKUs of those that cannot be read."""

    known: dict[str, StoredProduct]
    unreadable: frozenset[str]


class Product(Aggregate):
    """
    What the merchant sells, with the attributes of ProductFields; the SKU is its natural key.

    Reads use ProductView and StoredProduct. One product is changed by `change` and `commit`, many by `bulk_write`.
    """

    id_prefix = "prod"

    sku = StringField(required=True)
    name = StringField(required=True)
    description = StringField(default="")
    category = StringField(default="")
    unit_price = StructField(Price, required=True)
    price_breaks = StructListField(PriceBreak)
    is_active = BooleanField(default=True)
    imported_by = StringField()

    meta = {
        "collection": "products",
        "db_alias": "products",
        "indexes": [
            {"fields": ["sku"], "unique": True},
            {"fields": ["category", "sku"]},
            {"fields": ["is_active", "sku"]},
            {"fields": ["is_active", "category", "sku"]},
            {"fields": ["unit_price.currency"]},
            {"fields": ["updated_at", "_id"]},
            {"fields": ["is_active", "updated_at", "_id"]},
        ],
    }

    @classmethod
    def get_by_sku(cls, sku: str) -> Self:
        """Return the product to be changed, or raise NotFound."""
        found = cls.objects(sku=str(sku)).first()
        if found is None:
            raise _not_found(sku)
        return found

    @classmethod
    def view(cls, sku: str, scope: Mapping[str, bool]) -> ProductView:
        """Return the product with its stock, or raise NotFound."""
        found = cls.collection().find_one({**scope, "sku": str(sku)}, WITHOUT_OUTBOX)
        if found is None:
            raise _not_found(sku)
        return _view(found, Stock.level(sku))

    @classmethod
    def require(cls, sku: str) -> None:
        """Raise NotFound when there is no such product."""
        if cls.collection().find_one({"sku": str(sku)}, {"_id": 1}) is None:
            raise _not_found(sku)

    @classmethod
    def changes(cls, query: Mapping[str, Any], wanted: ChangesRequest) -> Page[ProductView]:
        """Return one page, by SKU unless another order is wanted, each product with its stock; in two queries."""
        found = changes_page(cls.collection(), query, wanted, sorts=SORTS, usual="sku", fields=WITHOUT_OUTBOX)
        return cls._with_stock(found)

    @classmethod
    def all(cls, wanted: PageRequest) -> Page[ProductView]:
        """Return one page of all products by SKU, each with its stock; in two queries."""
        return cls._with_stock(page(cls.collection(), {}, wanted, sort=SORTS["sku"], fields=WITHOUT_OUTBOX))

    @classmethod
    def _with_stock(cls, found: Page[dict[str, Any]]) -> Page[ProductView]:
        levels = Stock.levels(str(each.get("sku")) for each in found.items)
        return found.readable(lambda each: _view(each, levels.get(each["sku"])))

    @classmethod
    def stored_by_sku(cls, skus: Iterable[str]) -> StoredProducts:
        """Return stored products by SKU, in one query; an unknown SKU is absent."""
        found = cls._find(skus, WITHOUT_OUTBOX)
        known = {each.sku: each for each in read_each(found, _stored)}
        return StoredProducts(known, frozenset(each["sku"] for each in found) - known.keys())

    @classmethod
    def priced_by_sku(cls, skus: Iterable[str]) -> dict[str, ProductFields]:
        """
        Return what a price needs of products by SKU, in one query; the other fields are at their defaults.

        A SKU is absent when it is unknown, and when its product cannot be read: it cannot be sold.
        """
        return {each.sku: each for each in read_each(cls._find(skus, PRICED), _priced)}

    @classmethod
    def _find(cls, skus: Iterable[str], fields: Mapping[str, int]) -> list[dict[str, Any]]:
        wanted = list(skus)
        return retry_on_failover(lambda: list(cls.collection().find({"sku": {"$in": wanted}}, dict(fields))))

    @property
    def fields(self) -> ProductFields:
        return ProductFields(**{name: getattr(self, name) for name in FIELD_NAMES})

    def to_view(self) -> ProductView:
        """Return the product as the last commit stored it, with its stock."""
        return _view(self.to_mongo(), Stock.level(self.sku))

    def change(self, fields: ProductFields) -> bool:
        """Set the fields and record the new state; return False, with nothing to commit, when none differs."""
        if self.version and fields == self.fields:
            return False
        for name in FIELD_NAMES:
            if getattr(self, name) != getattr(fields, name):
                setattr(self, name, getattr(fields, name))
        self.record(product_changed(fields, self.version + 1))
        return True

    @classmethod
    def bulk_write(
        cls, fields: ProductFields, known: StoredProduct | None, *, commit_id: str, imported_by: str
    ) -> InsertOne[dict[str, Any]] | UpdateOne:
        """
        Return the write that stores what `change` and `commit` would, for a batch of writes.

        It inserts the product, or updates the version `known` and no other.
        """
        version = 1 if known is None else known.version + 1
        product_id = new_id(cls.id_prefix) if known is None else known.id
        moment = now()
        commit = {"version": version, "commit_id": commit_id, "imported_by": imported_by, "updated_at": moment}
        state = {**to_stored(fields), **commit}
        event = Envelope.wrap(product_changed(fields, version), aggregate_id=product_id, version=version).to_document()
        if known is None:
            return InsertOne({"_id": product_id, **state, "created_at": moment, "outbox": [event]})
        return UpdateOne({"_id": known.id, "version": known.version}, {"$set": state, "$push": {"outbox": event}})

    @classmethod
    def skus_of_commit(cls, skus: Iterable[str], commit_id: str) -> set[str]:
        """Return those of the SKUs whose last commit was this one."""
        query = {"sku": {"$in": list(skus)}, "commit_id": commit_id}
        return {each["sku"] for each in retry_on_failover(lambda: list(cls.collection().find(query, {"sku": 1})))}


def product_changed(fields: ProductFields, version: int) -> ProductChanged:
    """Return the event that carries a product's whole state after its commit number `version`."""
    return ProductChanged(sku=fields.sku, version=version, product=fields)


def _stored(stored: Mapping[str, Any]) -> StoredProduct:
    return with_readable_prices(stored_as(StoredProduct, stored))


def _priced(stored: Mapping[str, Any]) -> ProductFields:
    return with_readable_prices(stored_as(ProductFields, stored))


def _view(stored: Mapping[str, Any], level: StockLevel | None) -> ProductView:
    available = None if level is None else level.available
    shown = {**stored, "is_stocked": level is not None, "available": available}
    return with_readable_prices(stored_as(ProductView, shown))


def _not_found(sku: str) -> NotFound:
    return NotFound(f"Product {sku} was not found")
