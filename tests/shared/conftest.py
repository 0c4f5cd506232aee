"""Fixtures: the toy service on real stores, and upstreams that fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from shared.base.settings import KeySettings, StoreSettings
from shared.data.encryption import use_keys
from shared.data.persistence import DatabaseHandle
from shared.events import inbox
from shared.web import idempotency
from shared.web.service import create_service
from tests.shared import toys
from tests.shared.upstreams import server, start_server, ticker  # noqa: F401
from tests.support import Api, Tokens


@pytest.fixture
def database(mongodb_url: Callable[[str], str], key_file: str) -> DatabaseHandle:
    use_keys(toys.SERVICE, KeySettings(key_file=key_file))
    handle = DatabaseHandle(toys.SERVICE, mongodb_url(toys.SERVICE))
    idempotency.ensure_indexes(toys.SERVICE)
    inbox.ensure_indexes(toys.SERVICE)
    return handle


@pytest.fixture
def toy_app(database: DatabaseHandle, settings_of: Callable[..., Any], tokens: Tokens) -> Flask:
    settings = settings_of(StoreSettings, toys.SERVICE)
    return create_service(toys.SERVICE, settings, blueprints=[toys.blp], database=database, keys=tokens)


@pytest.fixture
def writer(toy_app: Flask, tokens: Tokens) -> Api:
    return Api(toy_app, tokens, scope="notes:write notes:read")
