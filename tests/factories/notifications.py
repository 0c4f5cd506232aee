"""Events that cause mails, an address book that can be unavailable, and the jobs that send."""

from __future__ import annotations

import mailbox
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask import Flask

from services.notifications import handlers, jobs
from services.notifications.clients.users import Contact
from shared.calls.resilience import UpstreamUnavailable
from shared.data.events import Event
from shared.events.catalog.orders import (
    ConfirmedLine,
    OrderCancelled,
    OrderConfirmed,
    OrderRemainderCancelled,
    OrderReturned,
    OrderShipped,
    ShippedQuantity,
)
from shared.events.catalog.payments import PaymentRefunded
from tests.factories.jobs import run_jobs
from tests.support import ACME

ANN = Contact(email="ann@acme.example", name="Ann Acme")
BOB = Contact(email="bob@acme.example", name="Bob Acme")

ORDER: dict[str, Any] = {
    "order_id": "ord_1",
    "number": "SO-000001",
    "company_id": ACME,
    "placed_by": "usr_ann",
    "acted_by": None,
}


class FakeAddressBook:
    """Users and contacts by id; `is_away` makes every question fail as a dead users service does."""

    def __init__(self) -> None:
        self.users = {"usr_ann": ANN}
        self.contacts = {ACME: [ANN, BOB]}
        self.is_away = False

    def user(self, user_id: str) -> list[Contact]:
        self._answer()
        return [self.users[user_id]] if user_id in self.users else []

    def company_contacts(self, company_id: str) -> list[Contact]:
        self._answer()
        return self.contacts.get(company_id, [])

    def _answer(self) -> None:
        if self.is_away:
            raise UpstreamUnavailable("users", "connection")


class Notifications:
    """The service as the rest of the platform meets it."""

    def __init__(self, app: Flask, mailbox_dir: Path) -> None:
        self.app = app
        self.mailbox_dir = mailbox_dir

    def deliver(self, event: Event) -> None:
        """Have the event's handler run."""
        handler = {
            OrderConfirmed: handlers.notify_of_confirmation,
            OrderShipped: handlers.notify_of_shipment,
            OrderReturned: handlers.notify_of_return,
            OrderCancelled: handlers.notify_of_cancellation,
            OrderRemainderCancelled: handlers.notify_of_cancelled_remainder,
            PaymentRefunded: handlers.notify_of_refund,
        }[type(event)]
        with self.app.app_context():
            handler(event)

    def run_jobs(self) -> None:
        """Work until the queue is empty."""
        run_jobs(self.app)

    def sweep(self) -> None:
        """Run the sweeper, as the scheduler has it run."""
        with self.app.app_context():
            jobs.sweep_pending_notifications()

    def mails(self) -> list[EmailMessage]:
        """What lies in the mailbox, oldest first."""
        if not self.mailbox_dir.exists():
            return []
        box = mailbox.Maildir(self.mailbox_dir, create=False)
        return [message_from_bytes(box.get_bytes(key), policy=policy.default) for key in sorted(box.keys())]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """The decoded text or HTML part."""
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())


def confirmed(**changes: Any) -> OrderConfirmed:
    lines = [ConfirmedLine(sku="BOLT-M8", name="Bolt <M8>", quantity=40, total_amount=102000)]
    standard: dict[str, Any] = {
        "po_number": None,
        "currency": "GBP",
        "total_amount": 123450,
        "line_count": 1,
        "line_items": lines,
    }
    return OrderConfirmed(**(ORDER | standard | changes))


def shipped(**changes: Any) -> OrderShipped:
    standard: dict[str, Any] = {
        "shipment_id": "shp_1",
        "payment_id": "pay_1",
        "currency": "GBP",
        "amount": 50000,
        "is_complete": True,
        "quantities": [ShippedQuantity("BOLT.M8", 40)],
    }
    return OrderShipped(**(ORDER | standard | changes))


def returned(**changes: Any) -> OrderReturned:
    standard: dict[str, Any] = {"return_id": "ret_1", "payment_id": "pay_1", "currency": "GBP", "amount": 1250}
    return OrderReturned(**(ORDER | standard | changes))


def cancelled(**changes: Any) -> OrderCancelled:
    standard: dict[str, Any] = {"payment_id": None, "reason": "ordered twice", "was_refused": False}
    return OrderCancelled(**(ORDER | standard | changes))


def remainder_cancelled(**changes: Any) -> OrderRemainderCancelled:
    standard: dict[str, Any] = {
        "payment_id": "pay_1",
        "reason": "out of production",
        "currency": "GBP",
        "amount": 1500,
        "quantities": [ShippedQuantity("BOLT.M8", 6)],
    }
    return OrderRemainderCancelled(**(ORDER | standard | changes))


def refunded(**changes: Any) -> PaymentRefunded:
    standard: dict[str, Any] = {
        "payment_id": "pay_1",
        "order_id": "ord_1",
        "company_id": ACME,
        "refund_id": "txn_1",
        "return_id": "ret_1",
        "currency": "GBP",
        "amount": 999,
    }
    return PaymentRefunded(**(standard | changes))
