"""Listing, reading, creating and changing products, each shown with its stock."""

from __future__ import annotations

from mongoengine.errors import NotUniqueError

from services.products.catalog.documents import Product, ProductView, StoredProduct
from services.products.catalog.rules import ProductFields, ProductPatch, ProductsFilter, with_sorted_breaks
from services.products.errors import SkuTaken
from services.products.stock.documents import Stock
from shared.data.pagination import Page, PageRequest
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


def list_products(reader: Principal, wanted: ProductsFilter) -> Page[ProductView]:
    """Return one page by SKU; products that are not for sale are shown to who may write products only."""
    category = {} if wanted.category is None else {"category": wanted.category}
    found = Product.stored_page({**_visible_to(reader), **category}, cursor=wanted.cursor, limit=wanted.limit)
    return _with_stock(found)


def list_all_products(wanted: PageRequest) -> Page[ProductView]:
    """Return one page of all products by SKU, for services that keep a copy."""
    return _with_stock(Product.stored_page({}, cursor=wanted.cursor, limit=wanted.limit))


def _with_stock(found: Page[StoredProduct]) -> Page[ProductView]:
    levels = Stock.levels(each.sku for each in found.items)
    return found.map(lambda each: ProductView.of(each, levels.get(each.sku)))


def get_product(reader: Principal, sku: str) -> ProductView:
    """Return the product; raise NotFound for one that the reader may not see, as for one that does not exist."""
    return ProductView.of(Product.stored(sku, _visible_to(reader)), Stock.level(sku))


def create_product(fields: ProductFields) -> ProductView:
    """Create a product, not stocked until its inventory is set; raise SkuTaken."""
    product = Product()
    product.change(with_sorted_breaks(fields))
    try:
        product.commit()
    except NotUniqueError as taken:
        raise SkuTaken(f"Product {fields.sku} already exists", sku=fields.sku) from taken
    log.info("product_created", sku=product.sku)
    return ProductView.of(product.to_stored(), None)


def update_product(sku: str, patch: ProductPatch) -> ProductView:
    """Set the fields of the patch; when none differs, nothing is written and no event published."""
    product = Product.get_by_sku(sku)
    if product.change(patch.apply_to(product.fields)):
        product.commit()
        log.info("product_changed", sku=sku, version=product.version)
    return ProductView.of(product.to_stored(), Stock.level(sku))


def _visible_to(reader: Principal) -> dict[str, bool]:
    return {} if reader.can("products:write") else {"is_active": True}
