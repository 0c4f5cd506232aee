"""What notifications relies on at users: addresses, by the fake and by the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from services.notifications.clients.users import Contact, UsersClient
from shared.data.cache import Cache
from shared.data.redis_client import redis_from_url
from tests.factories.notifications import FakeAddressBook
from tests.factories.users import make_company, make_user


class AddressBook(Protocol):
    def user(self, user_id: str) -> list[Contact]: ...
    def company_contacts(self, company_id: str) -> list[Contact]: ...


ANN, BOB = Contact("ann@acme.example", "Ann Acme"), Contact("bob@acme.example", "Bob Acme")


@pytest.fixture(params=["fake", "real"])
def known(request: pytest.FixtureRequest) -> Iterator[tuple[AddressBook, str, str]]:
    """The client that notifications calls, Ann's id, and the id of the company of Ann and Bob."""
    if request.param == "fake":
        fake = FakeAddressBook()
        fake.users = {"usr_ann": ANN}
        fake.contacts = {"cmp_acme": [ANN, BOB]}
        yield fake, "usr_ann", "cmp_acme"
        return
    app = request.getfixturevalue("make_app")("users")
    company = make_company()
    ann, _ = (make_user(email=each.email, name=each.name, company_id=company.id) for each in (ANN, BOB))
    identity = request.getfixturevalue("identity_of")("notifications")
    with redis_from_url(request.getfixturevalue("redis_url")) as store:
        url = request.getfixturevalue("serve")(app)
        yield UsersClient(url, identity=identity, cache=Cache(store, "contract")), ann.id, company.id


class TestAddresses:
    def test_of_a_user(self, known: tuple[AddressBook, str, str]) -> None:
        book, ann, _ = known
        assert book.user(ann) == [ANN]

    def test_of_a_company(self, known: tuple[AddressBook, str, str]) -> None:
        book, _, company = known
        assert sorted(book.company_contacts(company), key=lambda each: each.email) == [ANN, BOB]

    def test_of_the_unknown_are_none(self, known: tuple[AddressBook, str, str]) -> None:
        book, _, _ = known
        assert book.user("usr_none") == []
        assert book.company_contacts("cmp_none") == []
