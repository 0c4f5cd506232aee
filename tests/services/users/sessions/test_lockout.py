"""No attacker can keep an owner out, neither by wrong tries at the account nor by a crowd at the password queue."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from services.users.sessions.documents import KnownPlace, LoginFailures
from services.users.sessions.rules import FREE_ACCOUNT_FAILURES, FREE_FAILURES
from shared.base import clock
from tests.factories.users import PASSWORD, make_user

OWNER = "198.51.100.7"


def login(client, email, password=PASSWORD, address=OWNER):
    headers = {"X-Forwarded-For": address}
    return client.post("/v1/auth/login", json={"email": email, "password": password}, headers=headers)


class TestStranger:
    @pytest.mark.parametrize("minutes", [1, 30])
    def test_wrong_tries_from_one_address_never_delay_the_owner_at_another(self, minutes, client, hold_clock):
        started = clock.now()
        hold_clock(started)
        email = make_user().email
        owner = []
        for second in range(0, minutes * 60, 2 if minutes == 1 else 30):
            hold_clock(started + timedelta(seconds=second))
            for _ in range(3):
                login(client, email, "wrong", address="203.0.113.9")
            if second % (6 if minutes == 1 else 180) == 0:
                owner.append(login(client, email).status_code)

        assert owner == [200] * len(owner)

    def test_one_network_adds_five_failures_to_the_account_at_most(self, client, hold_clock):
        started = clock.now()
        email = make_user().email
        for minute in range(FREE_FAILURES + 3):
            hold_clock(started + timedelta(minutes=minute))
            login(client, email, "wrong", address=f"2001:db8:1:2::{minute}")

        counted = sorted(each.failures for each in LoginFailures.objects)
        assert counted == [FREE_FAILURES, FREE_FAILURES + 3], "the account, and the network"

    def test_addresses_of_one_ipv6_network_share_their_failures(self, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        statuses = [
            login(client, email, "wrong", address=f"2001:db8:1:2::{number}").status_code
            for number in range(1, FREE_FAILURES + 3)
        ]

        assert statuses == [401] * FREE_FAILURES + [429] * 2
        assert login(client, email, address="2001:db8:1:3::1").status_code == 200

    def test_many_networks_delay_an_unknown_place_and_no_known_one(self, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        assert login(client, email).status_code == 200
        for number in range(FREE_ACCOUNT_FAILURES + 1):
            login(client, email, "wrong", address=f"203.0.113.{number}")

        assert login(client, email, address="192.0.2.1").status_code == 429
        assert login(client, email).status_code == 200

    def test_a_known_place_is_slowed_by_its_own_failures(self, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        login(client, email)
        statuses = [login(client, email, "wrong").status_code for _ in range(FREE_FAILURES + 1)]

        assert statuses == [401] * FREE_FAILURES + [429]

    def test_places_are_stored_without_addresses(self, client):
        email = make_user().email
        login(client, email)

        stored = str(list(KnownPlace._get_collection().find()))
        assert KnownPlace.objects.count() == 1
        assert OWNER not in stored


class TestCrowd:
    @pytest.mark.parametrize("addresses", [["203.0.113.9"], [f"203.0.113.{number}" for number in range(6)]])
    def test_six_anonymous_connections_do_not_stop_sign_ins(self, addresses, users):
        email = make_user().email
        is_over = threading.Event()

        def flood(address):
            client = users.test_client()
            while not is_over.is_set():
                login(client, f"{time.monotonic_ns()}@nowhere.example", "guess", address=address)

        crowd = [threading.Thread(target=flood, args=(addresses[n % len(addresses)],)) for n in range(6)]
        for each in crowd:
            each.start()
        try:
            client = users.test_client()
            statuses = [login(client, email).status_code for _ in range(10)]
        finally:
            is_over.set()
            for each in crowd:
                each.join()

        assert statuses.count(200) >= 9, statuses

    def test_a_sign_in_waits_no_longer_than_its_deadline(self, users, client):
        user, headers = make_user(), {"X-Deadline-Ms": "400"}
        body = {"email": user.email, "password": PASSWORD}
        with users.extensions["tradepost_clients"].passwords.turns.turn("another"):
            started = time.monotonic()
            answer = client.post("/v1/auth/login", json=body, headers=headers)
            waited = time.monotonic() - started

        assert (answer.status_code, answer.json["type"]) == (503, "/problems/sign-in-busy")
        assert answer.headers["Retry-After"] == "1"
        assert waited < 0.4

    def test_what_need_not_be_hashed_takes_no_turn(self, users, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        for _ in range(FREE_FAILURES):
            login(client, email, "wrong")
        with users.extensions["tradepost_clients"].passwords.turns.turn("another"):
            assert login(client, email).status_code == 429
            body = {"token": "t", "name": "n", "password": "a long enough password"}
            made_up = client.post("/v1/invitations/acceptance", json=body)

        assert made_up.status_code == 404
