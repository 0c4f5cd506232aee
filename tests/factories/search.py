"""A fake catalog, and one process of the search service with a client of its API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask

from services.search import handlers, operations
from services.search.app import before_each_batch
from services.search.rules import CatalogPage, IndexedProduct
from shared.calls.resilience import UpstreamUnavailable
from shared.events.catalog.products import ProductChanged
from tests.support import Api


def make_product(sku: str, name: str, **changes: Any) -> dict[str, Any]:
    defaults = {
        "sku": sku,
        "name": name,
        "description": "",
        "category": "Gifts",
        "unit_price": {"amount": "250", "currency": "GBP"},
        "price_breaks": [],
        "is_active": True,
        "version": 1,
    }
    return defaults | changes


def indexed(product: Mapping[str, Any]) -> IndexedProduct:
    """Return a product of `make_product` as the index takes it."""
    return msgspec.convert(product, IndexedProduct)


def changed(product: Mapping[str, Any]) -> ProductChanged:
    """Return the event that carries a product of `make_product`."""
    return ProductChanged.from_fields({"sku": product["sku"], "version": product["version"], "product": product})


class FakeCatalog:
    """The products service: two products per page; `is_away` makes it unavailable, from page `away_from_page` on."""

    def __init__(self) -> None:
        self.products: list[dict[str, Any]] = []
        self.is_away = False
        self.away_from_page = 0
        self.on_page: Callable[[], None] = lambda: None
        self.pages_read = 0

    def product_page(self, cursor: str | None) -> CatalogPage:
        start = int(cursor or 0)
        if self.is_away and start // 2 >= self.away_from_page:
            raise UpstreamUnavailable("products", "connection")
        self.on_page()
        self.pages_read += 1
        more = start + 2 < len(self.products)
        page = {"items": self.products[start : start + 2], "next_cursor": str(start + 2) if more else None}
        return msgspec.convert(page, CatalogPage)


class Search:
    """One process of the service: a worker, and a client of its API."""

    def __init__(self, app: Flask, api: Api, folder: Path) -> None:
        self.app = app
        self.api = api
        self.folder = folder

    def prepare(self) -> None:
        """Do what the worker does before each batch."""
        with self.app.app_context():
            before_each_batch(lambda: None)

    def deliver(self, *products: dict[str, Any]) -> None:
        """Handle one batch of changes, as the worker does."""
        self.prepare()
        events = [changed(each) for each in products]
        with self.app.app_context():
            handlers.index_products(events)

    def request_rebuild(self) -> None:
        with self.app.app_context():
            operations.request_rebuild()

    def page(self, q: str = "", **query: Any) -> dict[str, Any]:
        answer = self.api.get("/v1/search", query_string={"q": q, **query})
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def skus(self, q: str = "", **query: Any) -> list[str]:
        return [each["sku"] for each in self.page(q, **query)["items"]]
