"""What search relies on at products: the whole catalog by SKU, by the fake and by the service itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.search.clients import Products, ProductsClient
from services.search.rules import IndexedProduct
from tests.factories import products as real
from tests.factories.search import FakeCatalog, make_product

Catalog = tuple[Products, Callable[[str, str, bool], object]]


@pytest.fixture(params=["fake", "real"])
def catalog(request: pytest.FixtureRequest) -> Iterator[Catalog]:
    """The client that search calls, and a function that adds a product."""
    if request.param == "fake":
        fake = FakeCatalog()
        yield fake, lambda sku, name, is_active: fake.products.append(make_product(sku, name, is_active=is_active))
        return
    app = request.getfixturevalue("real_products")
    identity = request.getfixturevalue("identity_of")("search")
    with app.app_context():
        client = ProductsClient(request.getfixturevalue("serve")(app), identity=identity)
        yield client, lambda sku, name, is_active: real.make_product(sku, name=name, is_active=is_active, **LIKE_FAKE)


LIKE_FAKE: dict[str, Any] = {"description": "", "category": "Gifts", "unit_price": real.gbp("250")}


def pages(products: Products) -> list[IndexedProduct]:
    found, cursor = [], None
    while True:
        page = products.product_page(cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


class TestCatalog:
    def test_without_products_is_one_empty_page(self, catalog: Catalog) -> None:
        products, _ = catalog
        assert pages(products) == []

    def test_is_read_whole_by_sku_with_what_is_no_longer_sold(self, catalog: Catalog) -> None:
        products, add = catalog
        for sku, name, is_active in (("A-1", "Cup", True), ("B-1", "Jug", False), ("C/1", "Mug", True)):
            add(sku, name, is_active)

        found = pages(products)

        assert [(each.sku, each.name, each.is_active, each.version) for each in found] == [
            ("A-1", "Cup", True, 1),
            ("B-1", "Jug", False, 1),
            ("C/1", "Mug", True, 1),
        ]
        assert {(each.category, str(each.unit_price.amount), each.unit_price.currency) for each in found} == {
            ("Gifts", "250", "GBP")
        }
