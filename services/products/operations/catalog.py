"""Products: reading, creating and changing them, and what a quantity of each costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine.errors import NotUniqueError

from services.products.documents import Product, Stock
from services.products.documents.product import PRICED, WITHOUT_OUTBOX
from services.products.errors import SkuTaken
from services.products.rules.prices import price, sorted_breaks, unit_price
from shared.data.pagination import Page, page
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()

BY_SKU = [("sku", 1, str)]


def list_products(reader: Principal, *, category: str | None, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return one page by SKU; only who may write sees products that are not for sale."""
    query = {**_visible_to(reader), **({"category": category} if category is not None else {})}
    return _page(query, cursor=cursor, limit=limit)


def list_all_products(*, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return one page of everything by SKU, for services that keep a copy."""
    return _page({}, cursor=cursor, limit=limit)


def _page(query: Mapping[str, Any], *, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    found = page(Product.collection(), query, sort=BY_SKU, cursor=cursor, limit=limit, fields=WITHOUT_OUTBOX)
    levels = Stock.levels(each["sku"] for each in found.items)
    return found.map(lambda each: _with_stock(each, levels))


def get_product(reader: Principal, sku: str) -> dict[str, Any]:
    found = Product.fields_by_sku(sku, _visible_to(reader))
    return _with_stock(found, Stock.levels([sku]))


def create_product(**fields: Any) -> dict[str, Any]:
    """Create a product, not stocked until its inventory is set; raise SkuTaken."""
    product = Product()
    product.change(_stored(fields))
    try:
        product.commit()
    except NotUniqueError as taken:
        raise SkuTaken(f"There is a product {fields['sku']}", sku=fields["sku"]) from taken
    log.info("product_created", sku=product.sku)
    return _with_stock(product.to_fields(), {})


def update_product(sku: str, **changes: Any) -> dict[str, Any]:
    """Change what is given; what stays the same writes nothing and announces nothing."""
    product = Product.get_by_sku(sku)
    if product.change(_stored(changes, known=product.to_fields())):
        product.commit()
        log.info("product_changed", sku=sku, version=product.version)
    return _with_stock(product.to_fields(), Stock.levels([sku]))


def list_prices(line_items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Return {items, unknown}: each line's price for its quantity, its stock and whether it is for sale.

    Two queries whatever the number of lines; items stand in the order asked for.
    """
    skus = list(dict.fromkeys(line["sku"] for line in line_items))
    products = Product.by_sku(skus, PRICED)
    levels = Stock.levels(products)
    return {
        "items": [
            _priced(products[line["sku"]], line["quantity"], levels) for line in line_items if line["sku"] in products
        ],
        "unknown": [sku for sku in skus if sku not in products],
    }


def _priced(product: Mapping[str, Any], quantity: int, levels: Mapping[str, Any]) -> dict[str, Any]:
    shown = _with_stock(product, levels)
    return {**shown, "unit_price": unit_price(product["unit_price"], product["price_breaks"], quantity)}


def _with_stock(product: Mapping[str, Any], levels: Mapping[str, Any]) -> dict[str, Any]:
    level = levels.get(product["sku"])
    return {**product, "is_stocked": level is not None, "available": None if level is None else level["available"]}


def _visible_to(reader: Principal) -> dict[str, Any]:
    return {} if reader.can("products:write") else {"is_active": True}


def _stored(fields: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return request fields as they are stored: prices spelled canonically, breaks sorted and checked."""
    stored = dict(fields)
    if "unit_price" in fields:
        stored["unit_price"] = price(*fields["unit_price"])
    if "price_breaks" in fields:
        stored["price_breaks"] = [
            {"min_quantity": step["min_quantity"], "unit_price": price(*step["unit_price"])}
            for step in fields["price_breaks"]
        ]
    if "unit_price" in fields or "price_breaks" in fields:
        whole = {**(known or {"price_breaks": []}), **stored}
        stored["price_breaks"] = sorted_breaks(whole["unit_price"], whole["price_breaks"])
    return stored
