"""Reading the catalog over HTTP: pages of five hundred; a refusal counts as unavailable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, Response, jsonify, request

from services.search.clients import ProductsClient
from services.search.rules import CatalogPage
from shared.calls import connections, resilience
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import Anonymous
from tests.factories.psp_sandbox import RunningServer
from tests.factories.search import indexed, make_product


class ProductsDouble:
    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        app = Flask("products-double")
        app.add_url_rule("/internal/v1/products", view_func=self._page)
        self.server = RunningServer(app)

    def _page(self) -> tuple[Response, int]:
        self.asked.append(request.args.to_dict())
        return jsonify(items=[make_product("A-1", "Cup", available=None)], next_cursor=None), self.status


@pytest.fixture
def products() -> Iterator[ProductsDouble]:
    resilience.forget_upstreams()
    double = ProductsDouble()
    yield double
    double.server.stop()
    connections.close_pools()


def test_reads_large_pages_and_continues_at_the_cursor(products: ProductsDouble) -> None:
    client = ProductsClient(products.server.url, identity=Anonymous())
    assert client.product_page(None) == CatalogPage([indexed(make_product("A-1", "Cup"))])
    client.product_page("abc")
    assert products.asked == [{"limit": "500"}, {"limit": "500", "cursor": "abc"}]


@pytest.mark.parametrize("status", [401, 404, 500])
def test_is_unavailable_when_refused(products: ProductsDouble, status: int) -> None:
    products.status = status
    with pytest.raises(UpstreamUnavailable):
        ProductsClient(products.server.url, identity=Anonymous()).product_page(None)
