"""Real stores for every test, tokens for users and services, and a clock that can be frozen."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import redis

from shared.base import clock
from shared.base.settings import Settings
from shared.data import persistence
from tests.answers import checked
from tests.support import Api, Tokens
from tools.stores import Stores, started

pytest_plugins = ("tests.aws", "tests.browser", "tests.keys", "tests.skips")
_running = contextlib.ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start one MongoDB and one Redis for the whole run, whose addresses the parallel workers inherit."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = Path(_running.enter_context(tempfile.TemporaryDirectory(prefix="tradepost-tests-")))
    stores = _running.enter_context(started(folder))
    os.environ["TEST_MONGODB"] = stores.mongodb_base
    os.environ["TEST_REDIS"] = stores.redis_base


def pytest_unconfigure(config: pytest.Config) -> None:
    _running.close()


@pytest.fixture(scope="session")
def worker_number() -> int:
    """The number of this parallel worker, from 1: databases and Redis numbers are its own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1


@pytest.fixture(scope="session")
def stores() -> Stores:
    return Stores(os.environ["TEST_MONGODB"], os.environ["TEST_REDIS"])


@pytest.fixture(scope="session")
def redis_url(stores: Stores, worker_number: int) -> str:
    return stores.redis_url(worker_number)


@pytest.fixture(scope="session")
def mongodb_url(stores: Stores, worker_number: int) -> Callable[[str], str]:
    """Return the address of a service's database in this worker: `mongodb_url("orders")`."""
    return lambda service: stores.mongodb_url(f"test{worker_number}_{service}")


@pytest.fixture(autouse=True)
def clean_stores(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty, after each test, what it wrote; indexes stay."""
    yield
    for service in persistence.connected_services():
        database = persistence.database(service)
        for name in database.list_collection_names():
            database[name].delete_many({})
    if "redis_url" in request.fixturenames:
        with redis.Redis.from_url(request.getfixturevalue("redis_url")) as store:
            store.flushdb()


@pytest.fixture(scope="session")
def tokens() -> Tokens:
    """Mints tokens as the users service does, with a key of its own."""
    return Tokens()


@pytest.fixture
def settings_of(redis_url: str, mongodb_url: Callable[[str], str], key_file: str) -> Callable[..., Any]:
    """Return a service's settings for this worker's stores: `settings_of(OrdersSettings, "orders", psp_url=…)`."""

    def build(settings_type: type[Settings], service: str, **given: Any) -> Any:
        stores = {"REDIS_URL": redis_url, "MONGODB_URI": mongodb_url(service)}
        environment = {**stores, "TRADEPOST_ENV": "test", "KEY_FILE": key_file}
        return settings_type.from_env(environment, **given)

    return build


@pytest.fixture
def make_app(settings_of: Callable[..., Any], tokens: Tokens) -> Callable[..., Any]:
    """Build a service, whose answers are checked: `make_app("orders", clients=…, psp_url=…)`; the rest are settings."""

    def build(service: str, *, clients: Any = None, **given: Any) -> Any:
        package = import_module(f"services.{service}.app")
        config = import_module(f"services.{service}.config")
        settings = settings_of(getattr(config, f"{service.title()}Settings"), service, **given)
        options = {} if clients is None else {"clients": clients}
        return checked(package.create_app(settings, keys=tokens, **options))

    return build


@pytest.fixture
def api(tokens: Tokens) -> Callable[..., Api]:
    """Return a client of an app that is signed in: `api(app, role="buyer", company_id=ACME)`."""
    return lambda app, **who: Api(app, tokens, **who)


@pytest.fixture
def hold_clock() -> Iterator[Callable[[datetime], None]]:
    """Hold the clock still at a moment, until the test ends: `hold_clock(datetime(2026, 1, 5, tzinfo=UTC))`."""
    with contextlib.ExitStack() as stack:
        yield lambda moment: stack.enter_context(clock.frozen(moment.astimezone(UTC)))
