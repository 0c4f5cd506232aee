"""The products service on this worker's stores, and its callers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from services.products.imports import operations
from tests.support import Api

Import = Callable[..., dict[str, Any]]


@pytest.fixture
def products_app(make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    app = make_app("products", storage_dir=str(tmp_path / "files"), workspace_dir=str(tmp_path / "workspace"))
    with app.app_context():
        yield app


@pytest.fixture
def merchant(products_app: Flask, api: Callable[..., Api]) -> Api:
    return api(products_app, role="merchant_admin")


@pytest.fixture
def buyer(products_app: Flask, api: Callable[..., Api]) -> Api:
    return api(products_app, role="buyer")


@pytest.fixture
def orders(products_app: Flask, api: Callable[..., Api]) -> Api:
    """The orders service as a caller."""
    return api(products_app, service="orders")


@pytest.fixture
def search(products_app: Flask, api: Callable[..., Api]) -> Api:
    """The search service as a caller."""
    return api(products_app, service="search")


@pytest.fixture
def upload(merchant: Api) -> Import:
    """Upload a file and return the response body: `upload(content, filename="spring.csv")`."""

    def send(content: bytes, filename: str = "products.csv", **options: str) -> dict[str, Any]:
        data = {"file": (io.BytesIO(content), filename)}
        response = merchant.post("/v1/products/imports", data=data, query_string=options)
        assert response.status_code == 202, response.json
        return dict(response.get_json())

    return send


@pytest.fixture
def imported(merchant: Api, upload: Import) -> Import:
    """Upload a file, run its job, and return the import as it is read afterwards."""

    def run(content: bytes, **options: Any) -> dict[str, Any]:
        wanted = upload(content, **options)
        operations.run_import(wanted["id"])
        return dict(merchant.get(f"/v1/products/imports/{wanted['id']}").get_json())

    return run
