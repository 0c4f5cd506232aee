"""The orders service on real stores, with products and payments in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from services.orders import jobs
from services.orders.clients import Clients
from shared.base.clock import now
from tests.fakes import FakePayments, FakeProducts, FakeUsers
from tests.support import Api


@pytest.fixture
def products() -> FakeProducts:
    catalog = FakeProducts()
    catalog.add("BOLT", 250)
    catalog.add("NUT", "12.5", breaks={100: 10})
    catalog.add("POSTAGE", 1800, on_hand=None)
    catalog.add("FREE", 0)
    return catalog


@pytest.fixture
def payments() -> FakePayments:
    return FakePayments()


@pytest.fixture
def users() -> FakeUsers:
    return FakeUsers()


@pytest.fixture(scope="session")
def built() -> list[Flask]:
    """The app once it is made: building it and its indexes anew would cost more than the tests."""
    return []


@pytest.fixture
def app(
    make_app: Callable[..., Flask],
    built: list[Flask],
    products: FakeProducts,
    payments: FakePayments,
    users: FakeUsers,
) -> Flask:
    clients = Clients(products=products, payments=payments, users=users)
    if not built:
        built.append(make_app("orders", clients=clients))
    built[0].extensions["tradepost_clients"] = clients
    return built[0]


@pytest.fixture
def buyer(app: Flask, api: Callable[..., Api]) -> Api:
    return api(app)


@pytest.fixture
def rep(app: Flask, api: Callable[..., Api]) -> Api:
    """A sales rep who acts for the company."""
    return api(app, role="acting_rep", user_id="usr_rep", act="usr_rep")


@pytest.fixture
def staff(app: Flask, api: Callable[..., Api]) -> Api:
    return api(app, role="merchant_admin", user_id="usr_admin")


@pytest.fixture
def place(buyer: Api) -> Callable[..., Any]:
    """Place ten bolts, paid by a good card, changed as named: `place(reference="PO-1")`."""

    def send(*, client: Api = buyer, headers: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {
            "line_items": [{"sku": "BOLT", "quantity": 10}],
            "payment": {"method": "card", "token": "tok_ok"},
        } | changes
        return client.post("/v1/orders", json=body, headers=headers)

    return send


@pytest.fixture
def sweep(app: Flask, hold_clock: Callable[[datetime], None]) -> Callable[..., None]:
    """Run the sweepers as they would run so many seconds from now; the clock stays there."""

    def run(*, after: float = 0) -> None:
        hold_clock(now() + timedelta(seconds=after))
        with app.app_context():
            jobs.attend_due_orders()
            jobs.release_stray_reservations()

    return run
