"""What orders relies on at users: companies by the words of their names, by the fake and by the service itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.orders.clients import Users, UsersClient
from tests.factories.users import make_company
from tests.fakes import FakeUsers


@pytest.fixture(params=["fake", "real"])
def known(request: pytest.FixtureRequest) -> Iterator[tuple[Users, str]]:
    """The client that orders calls, and the id of Acme Tools, which has a neighbour Globex Tools."""
    if request.param == "fake":
        fake = FakeUsers()
        fake.companies = {"cmp_acme": "Acme Tools", "cmp_globex": "Globex Tools"}
        yield fake, "cmp_acme"
        return
    app = request.getfixturevalue("make_app")("users")
    acme, _ = make_company(name="Acme Tools"), make_company(name="Globex Tools")
    identity = request.getfixturevalue("identity_of")("orders")
    yield UsersClient(request.getfixturevalue("serve")(app), identity=identity), acme.id


class TestCompaniesNamed:
    def test_by_the_beginnings_of_all_words(self, known: tuple[Users, str]) -> None:
        users, acme = known
        assert users.companies_named("too acm") == [acme]

    def test_are_all_that_match(self, known: tuple[Users, str]) -> None:
        users, acme = known
        assert acme in users.companies_named("tools")
        assert len(users.companies_named("tools")) == 2

    def test_are_none_for_other_words(self, known: tuple[Users, str]) -> None:
        users, _ = known
        assert users.companies_named("acme globex") == []
