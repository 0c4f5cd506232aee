"""Listing, reading, creating and changing products, each shown with its stock."""

from __future__ import annotations

from mongoengine.errors import NotUniqueError

from services.products.catalog.documents import Product, ProductView
from services.products.catalog.rules import ProductFields, ProductPatch, ProductsFilter, with_sorted_breaks
from services.products.currencies.documents import sold_currencies
from services.products.errors import SkuTaken
from shared.base.errors import FieldError, InvalidInput
from shared.base.pages import PageRequest
from shared.base.preconditions import Precondition
from shared.data.pagination import Page
from shared.data.version_conflicts import retry_on_version_conflict
from shared.events.catalog.products import Price
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


def list_products(reader: Principal, wanted: ProductsFilter) -> Page[ProductView]:
    """Return one page; products that are not for sale are shown only to readers who may write products."""
    category = {} if wanted.category is None else {"category": wanted.category}
    skus = {"sku": {"$in": sorted(set(wanted.skus))}} if wanted.skus else {}
    return Product.changes({**_visible_to(reader), **category, **skus}, wanted)


def list_all_products(wanted: PageRequest) -> Page[ProductView]:
    """Return one page of all products by SKU, for services that keep a copy."""
    return Product.all(wanted)


def get_product(reader: Principal, sku: str) -> ProductView:
    """Return the product; raise NotFound for one that the reader may not see, as for one that does not exist."""
    return Product.view(sku, _visible_to(reader))


def create_product(fields: ProductFields) -> ProductView:
    """Create a product, not stocked until its inventory is set; raise SkuTaken."""
    _require_sold(fields.unit_price)
    product = Product()
    product.change(with_sorted_breaks(fields))
    try:
        product.commit()
    except NotUniqueError as taken:
        raise SkuTaken(f"Product {fields.sku} already exists", sku=fields.sku) from taken
    log.info("product_created", sku=product.sku)
    return product.to_view()


@retry_on_version_conflict
def update_product(sku: str, patch: ProductPatch, precondition: Precondition) -> ProductView:
    """Set the fields of the patch; when none differs, nothing is written and no event published."""
    product = Product.get_by_sku(sku)
    precondition.require(product.revision)
    before, after = product.fields, patch.apply_to(product.fields)
    if after.unit_price.currency != before.unit_price.currency or (after.is_active and not before.is_active):
        _require_sold(after.unit_price)
    if product.change(after):
        product.commit()
        log.info("product_changed", sku=sku, version=product.version)
    return product.to_view()


def _require_sold(unit_price: Price) -> None:
    """Raise InvalidInput for a price in a currency that the installation does not sell in."""
    refusal = sold_currencies().refusal_of(unit_price.currency)
    if refusal is not None:
        raise InvalidInput(errors=[FieldError("/unit_price/currency", refusal)])


def _visible_to(reader: Principal) -> dict[str, bool]:
    return {} if reader.can("products:write") else {"is_active": True}
