"""Both portals on a real Redis and a gateway in memory."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from portals.admin.app import create_app as create_admin
from portals.admin.config import AdminSettings
from portals.customer.app import create_app as create_customer
from portals.customer.config import CustomerSettings
from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor

ADDRESSES: dict[str, Any] = {
    "public_customer_url": "http://portal.example",
    "public_admin_url": "http://portal.example/admin",
    "public_psp_url": "http://cards.example",
    "person_limit": "100000/100000",
    "visitor_limit": "100000/100000",
}


class HandClock:
    """Epoch seconds that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Compiled templates, shared by the apps of all tests: compiling them anew took two thirds of the time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def customer_app(
    redis_url: str, gateway: FakeGateway, hand_clock: HandClock, compiled: FileSystemBytecodeCache
) -> Flask:
    settings = CustomerSettings(redis_url=redis_url, service_secret="s" * 32, **ADDRESSES)
    app = create_customer(settings, transport=gateway, clock=hand_clock)
    app.jinja_env.bytecode_cache = compiled
    return app


@pytest.fixture
def admin_app(redis_url: str, gateway: FakeGateway, hand_clock: HandClock, compiled: FileSystemBytecodeCache) -> Flask:
    settings = AdminSettings(redis_url=redis_url, service_secret="s" * 32, **ADDRESSES)
    app = create_admin(settings, transport=gateway, clock=hand_clock)
    app.jinja_env.bytecode_cache = compiled
    return app


@pytest.fixture
def visitor(customer_app: Flask) -> Visitor:
    """Somebody at the customer portal who is not signed in."""
    return Visitor(customer_app)


@pytest.fixture
def buyer(visitor: Visitor) -> Visitor:
    visitor.arrive_signed_in("buyer@acme.example")
    return visitor


@pytest.fixture
def staff(admin_app: Flask) -> Visitor:
    """The merchant's administrator, signed in at the admin portal."""
    visitor = Visitor(admin_app, "/admin")
    visitor.arrive_signed_in("admin@tradepost.example")
    return visitor
