"""Products, their search and their stock at the gateway."""

from __future__ import annotations

import msgspec

from shared.portal.answers import Answer, Page, Price, Tagged
from shared.portal.gateway import Area, Call, Query, segment

PAGE_SIZE = 25


class PriceBreak(msgspec.Struct, frozen=True):
    min_quantity: int
    unit_price: Price


class ProductTexts(Answer, frozen=True, kw_only=True):
    """The texts of a product; the form has a field of the same name for each."""

    name: str
    description: str
    category: str


class ProductInput(ProductTexts, frozen=True, kw_only=True, omit_defaults=True):
    """What the form of a product sends; `sku` names a new one."""

    sku: str = ""
    unit_price: Price
    price_breaks: list[PriceBreak]


class FoundProduct(Answer, frozen=True, kw_only=True):
    """A product as the search shows it."""

    sku: str
    name: str
    category: str
    unit_price: Price


class FoundPage(Page[FoundProduct], frozen=True, kw_only=True):
    total: int


class Product(ProductTexts, frozen=True, kw_only=True):
    """`tag` is its ETag, "" in a list."""

    sku: str
    unit_price: Price
    price_breaks: list[PriceBreak]
    warnings: list[str] = []
    is_active: bool
    is_stocked: bool
    available: int | None
    version: int
    updated_at: str
    tag: str = ""


class Inventory(Tagged, frozen=True, kw_only=True):
    on_hand: int | None
    reserved: int
    available: int | None
    is_stocked: bool


class Products(Area):
    def list_products(self, category: str | None, cursor: str | None) -> Page[Product]:
        query: Query = {"category": category, "cursor": cursor, "limit": PAGE_SIZE, "with_total": "true"}
        return self.gateway.get("/products", Page[Product], **query)

    def search(self, text: str, category: str | None, cursor: str | None) -> FoundPage:
        return self.gateway.get("/search", FoundPage, q=text, category=category, cursor=cursor, limit=PAGE_SIZE)

    def get_product(self, sku: str) -> Product:
        return self.gateway.get_tagged(f"/products/{segment(sku)}", Product)

    def create(self, wanted: ProductInput) -> Product:
        return self.gateway.send(Call("POST", "/products", body=wanted)).read(Product)

    def change(self, sku: str, wanted: ProductInput, *, tag: str) -> None:
        self.gateway.send(Call("PATCH", f"/products/{segment(sku)}", body=wanted, if_match=tag))

    def set_active(self, sku: str, *, is_active: bool) -> None:
        self.gateway.send(Call("PATCH", f"/products/{segment(sku)}", body={"is_active": is_active}))

    def get_inventory(self, sku: str) -> Inventory:
        return self.gateway.get_tagged(f"/inventory/{segment(sku)}", Inventory)

    def set_on_hand(self, sku: str, on_hand: int | None, *, tag: str) -> None:
        """Set the units on hand; None makes the product not stocked, so that it never runs out."""
        self.gateway.send(Call("PUT", f"/inventory/{segment(sku)}", body={"on_hand": on_hand}, if_match=tag))


TEXTS = ProductTexts.__struct_fields__
products = Products()
