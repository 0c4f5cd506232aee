"""The search service with an index of its own and a fake catalog that can be unavailable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from services.search.clients import Clients
from tests.factories.search import FakeCatalog, Search
from tests.support import Api


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def make_search(
    make_app: Callable[..., Flask], api: Callable[..., Api], catalog: FakeCatalog, tmp_path: Path
) -> Callable[[], Search]:
    """Return another process of the service on the same folder at each call."""

    def build() -> Search:
        app = make_app("search", clients=Clients(products=catalog), search_dir=str(tmp_path / "search"))
        return Search(app, api(app), tmp_path / "search")

    return build


@pytest.fixture
def search(make_search: Callable[[], Search]) -> Search:
    return make_search()
