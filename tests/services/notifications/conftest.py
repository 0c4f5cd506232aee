"""The notifications service with a mailbox of its own and an address book that a test can make unavailable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from services.notifications.clients import Clients
from services.notifications.clients.mailbox import MaildirMailer, MaildirTexter
from tests.factories.notifications import FakeAddressBook, Notifications
from tests.support import Api


@pytest.fixture
def address_book() -> FakeAddressBook:
    return FakeAddressBook()


@pytest.fixture
def mailbox_dir(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


@pytest.fixture
def notifications_app(make_app: Callable[..., Flask], address_book: FakeAddressBook, mailbox_dir: Path) -> Flask:
    mailer = MaildirMailer(mailbox_dir)
    app: Flask = make_app(
        "notifications",
        clients=Clients(address_book=address_book, mailer=mailer, texter=MaildirTexter(mailer, "Tradepost")),
        mailbox_dir=str(mailbox_dir),
        public_customer_url="http://127.0.0.1:8081",
    )
    return app


@pytest.fixture
def notifications(notifications_app: Flask, mailbox_dir: Path) -> Notifications:
    return Notifications(notifications_app, mailbox_dir)


@pytest.fixture
def buyer(notifications_app: Flask, api: Callable[..., Api]) -> Api:
    return api(notifications_app)
