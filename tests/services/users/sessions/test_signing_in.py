"""Signing in: what it gives, whom it refuses, and how it slows a guesser down."""

from __future__ import annotations

import base64
import json
import statistics
import time
from datetime import timedelta

import pytest

from services.users.audit.documents import AuditEntry
from services.users.clients.passwords import UNKNOWN_USER_HASH, PasswordQueue
from services.users.people.documents import User
from services.users.people.rules import DEMO_PASSWORD
from services.users.sessions.documents import LoginFailures, RefreshToken
from services.users.sessions.rules import FREE_ACCOUNT_FAILURES, FREE_FAILURES, wait_after
from shared.base import clock
from tests.factories.users import PASSWORD, make_rep, make_user


def decoded(token, part=1):
    segment = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def login(client, email, password, address="198.51.100.7"):
    headers = {"X-Forwarded-For": address}
    return client.post("/v1/auth/login", json={"email": email, "password": password}, headers=headers)


class TestTokens:
    def test_buyer_gets_what_the_contract_says(self, client, sign_in):
        user = make_user()

        tokens = sign_in(user)

        assert tokens["token_type"] == "Bearer"
        assert tokens["expires_in"] == 600
        claims = decoded(tokens["access_token"])
        assert (claims["sub"], claims["company_id"], claims["name"]) == (user.id, user.company_id, user.name)
        assert (claims["iss"], claims["aud"]) == ("tradepost", "tradepost")
        assert claims["exp"] - claims["iat"] == 600
        assert claims["sid"].startswith("ses_")
        assert "orders:write" in claims["scope"].split()
        assert "act" not in claims
        assert decoded(tokens["access_token"], 0)["typ"] == "at+jwt"
        assert decoded(tokens["access_token"], 0)["alg"] == "ES256"

    def test_staff_have_no_company(self, sign_in):
        claims = decoded(sign_in(make_rep())["access_token"])

        assert claims["company_id"] is None
        assert "companies:act" in claims["scope"].split()

    def test_address_is_found_in_any_spelling(self, client):
        make_user(email="bea@acme.example")

        assert login(client, " BEA@Acme.Example ", PASSWORD).status_code == 200

    def test_stores_refresh_tokens_by_digest_only(self, sign_in):
        tokens = sign_in(make_user())

        stored = str(list(RefreshToken._get_collection().find()))
        assert tokens["refresh_token"] not in stored

    def test_is_written_to_the_audit_log(self, client):
        user = make_user()
        login(client, user.email, PASSWORD)
        login(client, user.email, "wrong")

        kinds = {entry.kind: entry for entry in AuditEntry.objects(user_id=user.id)}
        assert set(kinds) == {"signed_in", "sign_in_refused"}
        assert kinds["signed_in"].address == "198.51.100.7"
        assert (kinds["signed_in"].request_id or "").startswith("req_")

    def test_outdated_hash_is_renewed(self, sign_in):
        from argon2 import PasswordHasher

        weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
        user = make_user(password_hash=weak)
        sign_in(user)

        assert User.get(user.id).password_hash != weak
        sign_in(user)


class TestRefusals:
    def test_wrong_password_and_unknown_account_look_alike(self, client):
        user = make_user()
        wrong, unknown = login(client, user.email, "wrong"), login(client, "unknown@acme.example", "wrong")

        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json["type"] == "/problems/invalid-credentials"
        ids = {"request_id": ""}
        assert wrong.json | ids == unknown.json | ids

    def test_unknown_account_takes_as_long(self, client):
        email = make_user().email
        times: dict[str, list[float]] = {email: [], "unknown@acme.example": []}
        for _ in range(4):
            for each, seconds in times.items():
                started = time.process_time()
                login(client, each, "wrong")
                seconds.append(time.process_time() - started)

        known, unknown = (statistics.median(seconds) for seconds in times.values())
        assert 0.4 < unknown / known < 2.5

    def test_inactive_person(self, client):
        assert login(client, make_user(is_active=False).email, PASSWORD).status_code == 401

    def test_demo_password_outside_the_demo(self, client):
        assert login(client, make_user(password=DEMO_PASSWORD).email, DEMO_PASSWORD).status_code == 401

    @pytest.mark.parametrize("name", ["email", "password"])
    @pytest.mark.parametrize("value", [{"$ne": ""}, {"$gt": ""}, ["a"], 5, True, None, ""])
    def test_operators_and_other_types_are_invalid(self, name, value, client):
        make_user()
        body = {"email": "bea@acme.example", "password": "x", name: value}

        response = client.post("/v1/auth/login", json=body)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == f"/{name}"

    @pytest.mark.parametrize(
        "body", [{}, {"email": "a@b"}, {"email": "a@b", "password": "x", "role": "merchant_admin"}]
    )
    def test_missing_and_unknown_fields_are_invalid(self, body, client):
        assert client.post("/v1/auth/login", json=body).status_code == 422

    def test_endless_password_is_invalid_and_not_hashed(self, make_users):
        client = make_users(hashing_queue=-1).test_client()  # no place to hash at all

        refused = login(client, "a@acme.example", "x" * 1024)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json["type"] == "/problems/sign-in-busy"
        assert login(client, "a@acme.example", "x" * 1025).status_code == 422

    @pytest.mark.parametrize(
        ("typed", "status"),
        [(rb'"  sp\u00e4ces  "', 200), (rb'"sp\u00e4ces"', 401), (rb'"\u0000"', 401), (rb'"\ud800"', 400)],
    )
    def test_password_is_taken_as_it_was_typed(self, typed, status, client):
        user = make_user(password="  späces  ")
        body = b'{"email": "' + user.email.encode() + b'", "password": ' + typed + b"}"

        assert client.post("/v1/auth/login", data=body, content_type="application/json").status_code == status


class TestBruteForce:
    def test_guesser_is_slowed_down(self, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        statuses = [login(client, email, "wrong").status_code for _ in range(FREE_FAILURES + 2)]

        assert statuses == [401] * FREE_FAILURES + [429] * 2
        refused = login(client, email, PASSWORD)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 2

    def test_wait_passes(self, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        for _ in range(FREE_FAILURES):
            login(client, email, "wrong")
        assert login(client, email, PASSWORD).status_code == 429
        hold_clock(clock.now() + timedelta(seconds=2))

        assert login(client, email, PASSWORD).status_code == 200

    def test_victim_elsewhere_is_not_locked_out(self, client, hold_clock):
        hold_clock(clock.now())
        email = make_user().email
        for _ in range(FREE_FAILURES + 1):
            login(client, email, "wrong", address="203.0.113.9")

        assert login(client, email, PASSWORD, address="198.51.100.7").status_code == 200

    def test_spread_out_guessing_is_slowed_for_moments_only(self, client, hold_clock):
        hold_clock(clock.now())
        user = make_user()
        for number in range(3):
            login(client, user.email, "wrong", address=f"203.0.113.{number}")
        LoginFailures.objects.update(set__failures=FREE_ACCOUNT_FAILURES + 40)
        LoginFailures.objects(failures__lt=3).delete()

        refused = login(client, user.email, PASSWORD, address="198.51.100.7")
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) <= 6
        hold_clock(clock.now() + timedelta(seconds=6))
        assert login(client, user.email, PASSWORD, address="198.51.100.7").status_code == 200

    def test_success_forgets_failures(self, client):
        email = make_user().email
        for _ in range(2):
            for _ in range(FREE_FAILURES - 1):
                login(client, email, "wrong")
            assert login(client, email, PASSWORD).status_code == 200
        assert LoginFailures.objects.count() == 0

    def test_unknown_accounts_are_counted_too(self, client, hold_clock):
        hold_clock(clock.now())
        statuses = [login(client, "unknown@acme.example", "x").status_code for _ in range(FREE_FAILURES + 1)]
        assert statuses[-1] == 429

    @pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (8, 8), (10, 30), (10_000, 30)])
    def test_waits_double_up_to_a_bound(self, failures, seconds):
        assert wait_after(failures, free=5, longest=30.0) == seconds


class TestPasswordQueue:
    def test_uses_owasp_parameters(self):
        assert PasswordQueue().hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_the_password_of_the_unknown_hash_fits_no_account(self):
        queue = PasswordQueue()
        assert not queue.fits("", None)
        assert not queue.is_outdated(UNKNOWN_USER_HASH, "")
