"""No personal data is stored unencrypted: texts typed in the main journey are searched in every stored document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import bson
import pytest
from flask import Flask

from services.notifications.clients import Clients as NotificationsClients
from services.notifications.clients.mailbox import MaildirMailer, MaildirTexter
from services.notifications.clients.users import Contact
from services.orders.clients import Clients as OrdersClients
from services.payments.clients import Clients as PaymentsClients
from services.users.people.documents import User
from shared.calls.resilience import UpstreamUnavailable
from shared.data import persistence
from tests.architecture.apps import REQUIRED
from tests.factories.notifications import FakeAddressBook, Notifications, cancelled, confirmed
from tests.factories.users import PASSWORD, make_company, make_user
from tests.fakes import FakePayments, FakeProducts, FakeUsers, timeout_of
from tests.support import ACME, Api

NAME, EMAIL, ADDRESS = "Quentin Zyxwhistle", "zyxwhistle@quetzal.example", "203.0.113.77"
TOKEN, REASON, WHY = "tok_zyx4242whistle", "Zyxwhistle broke his leg", "Zyxwhistle phoned us"
CANARIES = (NAME, "Zyxwhistle", "zyxwhistle@", ADDRESS, "zyx4242")
STORED_AS_TYPED = "Quetzal Company Ltd"


@pytest.fixture
def build(make_app: Callable[..., Flask]) -> Callable[..., Flask]:
    return lambda service, **given: make_app(service, **{**REQUIRED.get(service, {}), **given})


@pytest.fixture
def signed_in(build: Callable[..., Flask], api: Callable[..., Api]) -> None:
    """A user signs in, is refused, and a sales rep acts for the user's company."""
    users = build("users")
    company = make_company(name=STORED_AS_TYPED)
    make_user(email=EMAIL, name=NAME, company_id=company.id)
    for password in (PASSWORD, "wrong"):
        users.test_client().post(
            "/v1/auth/login",
            json={"email": EMAIL, "password": password},
            headers={"X-Forwarded-For": ADDRESS},
        )
    body = {"company_id": company.id, "reason": WHY}
    assert api(users, role="sales_rep").post("/v1/auth/acting-tokens", json=body).status_code == 200


@pytest.fixture
def ordered(build: Callable[..., Flask], api: Callable[..., Api]) -> None:
    """One order is pending its payment, another is cancelled for a typed reason."""
    products, payments = FakeProducts(), FakePayments()
    products.add("BOLT", 250)
    payments.STATUSES = {TOKEN: "authorized"}
    client = api(build("orders", clients=OrdersClients(products=products, payments=payments, users=FakeUsers())))
    order = {"line_items": [{"sku": "BOLT", "quantity": 1}], "payment": {"method": "card", "token": TOKEN}}
    placed = cast(Any, client.post("/v1/orders", json=order).json)["id"]
    assert client.post(f"/v1/orders/{placed}/cancellation", json={"reason": REASON}).status_code == 200
    payments.faults.plan("authorize", timeout_of("payments"))
    assert client.post("/v1/orders", json=order).status_code == 202


@pytest.fixture
def paid(build: Callable[..., Flask], api: Callable[..., Api]) -> None:
    """A card is being charged at a processor that does not answer."""
    payments = api(
        build("payments", clients=PaymentsClients(processor=cast(Any, _SilentProcessor()))), service="orders"
    )
    body = {"order_id": "ord_1", "company_id": ACME, "amount": {"amount": 100, "currency": "GBP"}, "token": TOKEN}
    answer: Any = payments.post("/internal/v1/payments", json=body).json
    assert answer["status"] == "pending"


@pytest.fixture
def notified(build: Callable[..., Flask], tmp_path: Path) -> None:
    """Two events each have a mail that is not sent yet."""
    people = FakeAddressBook()
    people.users["usr_ann"] = Contact(email=EMAIL, name=NAME)
    mailer = MaildirMailer(tmp_path)
    clients = NotificationsClients(address_book=people, mailer=mailer, texter=MaildirTexter(mailer, "Tradepost"))
    app = build("notifications", clients=clients)
    notifications = Notifications(app, tmp_path)
    notifications.deliver(confirmed(po_number="Zyxwhistle 1"))
    notifications.deliver(cancelled(reason=REASON))


class _SilentProcessor:
    name = "sandbox"

    def charge(self, token: str, **_: Any) -> Any:
        return _silent()


def _silent(**_: Any) -> Any:
    raise UpstreamUnavailable("psp", "timeout")


def stored() -> Iterator[tuple[str, bytes]]:
    """Return every document of every service, as MongoDB holds it."""
    for service in persistence.connected_services():
        database = persistence.database(service)
        for collection in database.list_collection_names():
            for document in database[collection].find():
                yield f"{service}.{collection}", bson.encode(document)


@pytest.mark.usefixtures("signed_in", "ordered", "paid", "notified")
class TestDataAtRest:
    def test_hold_nothing_personal_and_no_card_token_in_plain_text(self):
        documents = list(stored())

        found = {(where, each) for where, document in documents for each in CANARIES if each.encode() in document}
        assert found == set()

    def test_are_what_was_written(self):
        """The test above would also pass on empty stores: check that each collection holds documents."""
        documents = list(stored())

        filled = {where for where, _ in documents}
        assert filled >= {
            "users.users", "users.audit_log", "orders.orders", "orders.idempotency_keys", "payments.payments",
            "notifications.notifications",
        }  # fmt: skip
        assert any(STORED_AS_TYPED.encode() in document for _, document in documents)
        person = User.find_by_email(EMAIL)
        assert person is not None
        assert person.name == NAME
