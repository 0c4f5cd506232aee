"""The list of currencies as MongoDB holds it, and the currencies that products are priced in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from mongoengine import ListField, StringField
from mongoengine.errors import NotUniqueError
from pymongo.collection import Collection

from services.products.currencies.rules import SoldCurrencies
from shared.base.errors import VersionConflict
from shared.data.persistence import Aggregate, database, retry_on_failover

LIST_ID = "currencies"


class CurrencyList(Aggregate):
    """The currencies that the merchant set; an installation without this document sells in those of its products."""

    id_prefix = "cur"

    codes = ListField(StringField())

    meta = {"collection": "currency_lists", "db_alias": "products"}

    @classmethod
    def of_installation(cls) -> Self:
        """Return the list as stored, or a new one."""
        return cls.objects(id=LIST_ID).first() or cls(id=LIST_ID)

    def commit(self) -> Self:
        try:
            return super().commit()
        except NotUniqueError as duplicate:
            raise VersionConflict() from duplicate


def sold_currencies() -> SoldCurrencies:
    """Return the currencies that the installation sells in: one read of the list, or of an index of the products."""
    stored = retry_on_failover(lambda: CurrencyList.collection().find_one({"_id": LIST_ID}, {"codes": 1}))
    codes = stored.get("codes") if stored else None
    if isinstance(codes, list) and codes:
        return SoldCurrencies(tuple(str(code) for code in codes), is_set=True)
    found = retry_on_failover(lambda: _products().distinct("unit_price.currency"))
    return SoldCurrencies(tuple(sorted(code for code in found if isinstance(code, str))), is_set=False)


def products_on_sale_in(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return each of the codes that products on sale are priced in, with the SKU of one of them."""
    return [(code, sku) for code in codes if (sku := _sku_on_sale_in(code))]


def _sku_on_sale_in(code: str) -> str | None:
    query: dict[str, Any] = {"unit_price.currency": code, "is_active": True}
    found = retry_on_failover(lambda: _products().find_one(query, {"sku": 1}))
    return None if found is None else str(found["sku"])


def _products() -> Collection[dict[str, Any]]:
    """The catalog's collection: its area stands above this one and asks it which currencies a price may have."""
    return database("products")["products"]
