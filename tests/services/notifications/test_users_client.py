"""The address book over HTTP: cached for a minute, an unknown user is no contact, a dead service is unavailable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, jsonify

from services.notifications.clients.users import Contact, UsersClient
from shared.calls import connections, resilience
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import Anonymous
from shared.data.cache import Cache
from shared.data.redis_client import redis_from_url
from tests.factories.psp_sandbox import RunningServer


class UsersDouble:
    """Answers as users does and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        app = Flask("users-double")
        app.add_url_rule("/internal/v1/users/<user_id>", view_func=self._user)
        app.add_url_rule("/internal/v1/companies/<company_id>/contacts", view_func=self._contacts)
        self.server = RunningServer(app)

    def _user(self, user_id: str) -> Any:
        self.asked.append(user_id)
        if user_id == "usr_none":
            return jsonify(type="/problems/not-found"), 404
        return jsonify(id=user_id, email="ann@acme.example", name="Ann", company_id="cmp_acme")

    def _contacts(self, company_id: str) -> Any:
        self.asked.append(company_id)
        return jsonify(items=[{"user_id": "usr_ann", "email": "ann@acme.example", "name": "Ann"}])


@pytest.fixture
def users() -> Iterator[UsersDouble]:
    double = UsersDouble()
    yield double
    double.server.stop()


@pytest.fixture
def address_book(users: UsersDouble, redis_url: str) -> Iterator[UsersClient]:
    resilience.forget_upstreams()
    with redis_from_url(redis_url) as store:
        yield UsersClient(users.server.url, identity=Anonymous(), cache=Cache(store, "test-contacts"))
    connections.close_pools()


@pytest.mark.parametrize("ask", [lambda book: book.user("usr_ann"), lambda book: book.company_contacts("cmp_acme")])
def test_caches_an_answer(
    address_book: UsersClient, users: UsersDouble, ask: Callable[[UsersClient], list[Contact]]
) -> None:
    assert ask(address_book) == ask(address_book) == [Contact("ann@acme.example", "Ann")]
    assert len(users.asked) == 1


def test_finds_no_contact_of_an_unknown_id(address_book: UsersClient) -> None:
    assert address_book.user("usr_none") == []


def test_is_unavailable_when_the_service_is_down(address_book: UsersClient, users: UsersDouble) -> None:
    users.server.stop()

    with pytest.raises(UpstreamUnavailable):
        address_book.user("usr_ann")
