"""Known devices: strangers do not hold up a browser that signed in before, not even at its own address."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from services.users.sessions.documents import KnownPlace
from services.users.sessions.rules import DEVICE_TOKEN, FREE_ACCOUNT_FAILURES, FREE_FAILURES, PLACES_PER_ACCOUNT
from shared.base import clock
from tests.factories.users import PASSWORD, make_user

OFFICE = "198.51.100.7"


@pytest.fixture
def login(client):
    def call(email, password=PASSWORD, address=OFFICE, **given):
        body = {"email": email, "password": password} | given
        return client.post("/v1/auth/login", json=body, headers={"X-Forwarded-For": address})

    return call


class TestToken:
    def test_is_given_to_who_asks_for_it_only(self, login):
        email = make_user().email

        assert login(email).json["device_token"] is None
        assert DEVICE_TOKEN.fullmatch(login(email, remember_device=True).json["device_token"])

    def test_stays_the_same_and_serves_every_account_of_a_browser(self, login):
        one, other = make_user().email, make_user().email
        token = login(one, remember_device=True).json["device_token"]

        assert login(one, device_token=token, remember_device=True).json["device_token"] == token
        assert login(other, device_token=token, remember_device=True).json["device_token"] == token

    @pytest.mark.parametrize("planted", ["", "x", "dev_short", "dev_" + "ü" * 43])
    def test_is_never_one_that_the_client_made_up(self, planted, login):
        given = login(make_user().email, device_token=planted, remember_device=True).json["device_token"]

        assert given != planted
        assert DEVICE_TOKEN.fullmatch(given)

    def test_is_stored_as_a_digest(self, login):
        token = login(make_user().email, remember_device=True).json["device_token"]

        assert token not in str(list(KnownPlace._get_collection().find()))

    @pytest.mark.parametrize("token", [5, None, [], {"$ne": ""}, "x" * 65])
    def test_what_is_no_token_is_invalid(self, token, login):
        response = login(make_user().email, device_token=token)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"].startswith("/device_token")


class TestKnownDevice:
    def test_passes_while_a_stranger_at_the_same_address_guesses(self, login, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        token = login(email, remember_device=True).json["device_token"]
        for _ in range(FREE_FAILURES + 3):
            login(email, "wrong")

        assert login(email).status_code == 429
        assert login(email, device_token=token).status_code == 200

    def test_passes_on_a_journey_while_a_botnet_guesses(self, login, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        token = login(email, remember_device=True).json["device_token"]
        for number in range(FREE_ACCOUNT_FAILURES + 1):
            login(email, "wrong", address=f"203.0.113.{number}")

        assert login(email, address="192.0.2.1").status_code == 429
        assert login(email, address="192.0.2.1", device_token=token).status_code == 200

    def test_is_known_for_its_own_account_only(self, login, hold_clock):
        hold_clock(clock.now())
        mine, victim = make_user().email, make_user().email
        token = login(mine, remember_device=True).json["device_token"]
        statuses = [
            login(victim, "wrong", device_token=token, address="203.0.113.9").status_code
            for _ in range(FREE_FAILURES + 1)
        ]

        assert statuses == [401] * FREE_FAILURES + [429]

    def test_is_slowed_by_its_own_failures_wherever_it_is(self, login, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        token = login(email, remember_device=True).json["device_token"]
        statuses = [
            login(email, "wrong", device_token=token, address=f"203.0.113.{number}").status_code
            for number in range(FREE_FAILURES + 1)
        ]

        assert statuses == [401] * FREE_FAILURES + [429]

    def test_failures_of_a_device_are_forgotten_with_its_success(self, login, hold_clock):
        started = clock.now()
        email = make_user().email
        token = login(email, remember_device=True).json["device_token"]
        for round_number in range(3):
            hold_clock(started + timedelta(minutes=round_number))
            for _ in range(FREE_FAILURES - 1):
                login(email, "wrong", device_token=token)
            assert login(email, device_token=token).status_code == 200


class TestManyDevices:
    def test_of_one_account_have_one_share_of_the_password_queue(self, users, login):
        """Six known devices behind one address wait; the known place of another person comes second at the latest."""
        one, other = make_user().email, make_user().email
        tokens = [login(one, remember_device=True).json["device_token"] for _ in range(6)]
        login(other, address="192.0.2.1")
        turns = users.extensions["tradepost_clients"].passwords.turns
        served, threads = [], []

        def arrive(email, **given):
            def sign_in():
                assert login(email, **given).status_code == 200
                served.append(email)

            threads.append(threading.Thread(target=sign_in))
            threads[-1].start()
            give_up_at = time.monotonic() + 5
            while turns.waiting() < len(threads) and time.monotonic() < give_up_at:
                time.sleep(0.001)

        with turns.turn("earlier request"):
            for token in tokens:
                arrive(one, device_token=token)
            arrive(other, address="192.0.2.1")
        for each in threads:
            each.join()

        assert len(served) == 7
        assert other in served[:3]

    @pytest.fixture
    def mint(self, login, hold_clock):
        """Sign in as often as said, a second apart, each time as a device without a token; return the tokens."""
        started = clock.now()

        def call(email, count, **given):
            tokens = []
            for second in range(count):
                hold_clock(started + timedelta(seconds=second))
                tokens.append(login(email, remember_device=True, **given).json["device_token"])
            return tokens

        return call

    def test_beyond_the_limit_drop_the_oldest_of_their_account(self, mint, login):
        email, other = make_user().email, make_user().email
        kept = mint(other, 1, address="192.0.2.1")
        tokens = mint(email, PLACES_PER_ACCOUNT + 3)

        assert KnownPlace.objects.count() == PLACES_PER_ACCOUNT + 2, "two are of the other account"
        for _ in range(FREE_FAILURES):
            login(email, "wrong")
            login(other, "wrong", address="192.0.2.1")
        assert login(email, device_token=tokens[0]).status_code == 429
        assert login(email, device_token=tokens[-PLACES_PER_ACCOUNT + 1]).status_code == 200
        assert login(email, device_token=tokens[-1]).status_code == 200
        assert login(other, device_token=kept[0], address="192.0.2.1").status_code == 200

    def test_that_are_used_stay_known(self, mint, login, hold_clock):
        email, started = make_user().email, clock.now()
        [mine] = mint(email, 1)
        for second in range(PLACES_PER_ACCOUNT + 3):
            hold_clock(started + timedelta(minutes=1, seconds=second))
            login(email, remember_device=True)
            login(email, device_token=mine, remember_device=True)
        for _ in range(FREE_FAILURES):
            login(email, "wrong")

        assert login(email).status_code == 429
        assert login(email, device_token=mine).status_code == 200

    def test_places_of_an_older_version_stay_known_and_count_once_used(self, mint, login):
        email = make_user().email
        [token] = mint(email, 1)
        KnownPlace._get_collection().update_many({}, {"$unset": {"account": ""}})
        for _ in range(FREE_FAILURES):
            login(email, "wrong")

        assert login(email, device_token=token, remember_device=True).status_code == 200
        assert KnownPlace._get_collection().count_documents({"account": {"$exists": True}}) == 2
