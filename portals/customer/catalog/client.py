"""Products and their search at the gateway."""

from __future__ import annotations

from collections.abc import Iterable

from shared.portal.answers import Answer, Page, Price
from shared.portal.gateway import Area, segment

PAGE_SIZE = 25


class PriceBreak(Answer, frozen=True, kw_only=True):
    min_quantity: int
    unit_price: Price


class FoundProduct(Answer, frozen=True, kw_only=True):
    """A product as the search shows it."""

    sku: str
    name: str
    category: str
    unit_price: Price


class Product(FoundProduct, frozen=True, kw_only=True):
    description: str
    price_breaks: list[PriceBreak]
    is_active: bool
    is_stocked: bool
    available: int | None
    updated_at: str


class Offers(Answer, frozen=True, kw_only=True):
    """Products that are for sale."""

    items: list[Product]


class Suggestion(Answer, frozen=True, kw_only=True):
    sku: str
    name: str


class Suggestions(Answer, frozen=True, kw_only=True):
    items: list[Suggestion]


class Facet(Answer, frozen=True, kw_only=True):
    """A category and the number of products found in it."""

    value: str
    count: int


class Facets(Answer, frozen=True, kw_only=True):
    category: list[Facet] = []


class FoundPage(Page[FoundProduct], frozen=True, kw_only=True):
    total: int
    facets: Facets = Facets()


class Catalog(Area):
    def search(self, text: str, category: str | None = None, cursor: str | None = None) -> FoundPage:
        """Return products with their total and facets; an empty text lists everything by name."""
        return self.gateway.get("/search", FoundPage, q=text, category=category, cursor=cursor, limit=PAGE_SIZE)

    def suggest(self, text: str) -> list[Suggestion]:
        return self.gateway.get("/search/suggest", Suggestions, q=text).items

    def offers(self, skus: Iterable[str]) -> dict[str, Product]:
        """Return those of at most 100 products that are for sale, by SKU, with their stock and price breaks of now."""
        wanted = list(skus)
        found = self.gateway.get("/products", Offers, sku=wanted, limit=len(wanted)).items if wanted else []
        return {product.sku: product for product in found}

    def get_product(self, sku: str) -> Product:
        return self.gateway.get(f"/products/{segment(sku)}", Product)


catalog = Catalog()
