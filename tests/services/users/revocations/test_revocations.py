"""Access tokens die before they expire: after sign-out, reuse, a changed role, and with a disabled person."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta

import pytest
import redis

from services.gateway.app import create_app as create_gateway
from services.gateway.config import GatewaySettings
from services.users.audit.documents import AuditEntry
from services.users.people.documents import Role, User
from services.users.revocations.operations import TOKEN_LIFE, keep_revocations
from services.users.sessions.documents import Session
from shared.base import clock
from shared.web.revocations import STREAM, Revocations
from tests.factories.users import make_rep, make_user
from tests.services.users.conftest import bearer

HEALED_SECONDS = 10
DEAD_REDIS = "redis://127.0.0.1:1/0"


def claims(tokens):
    segment = tokens["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


@pytest.fixture
def is_dead(redis_url):
    """Return whether a process that starts now refuses the access token."""

    def check(tokens):
        found = claims(tokens)
        return Revocations.at(redis_url).covers(found["sid"], found["iat"])

    return check


@pytest.fixture
def store(redis_url):
    with redis.Redis.from_url(redis_url) as made:
        yield made


@pytest.fixture
def keep(users, store):
    """Do what the process does every five seconds."""

    def run():
        store.delete("revocations-checked")
        with users.app_context():
            keep_revocations()

    return run


def refresh(client, tokens, **headers):
    return client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}, headers=headers)


class TestEndedSessions:
    def test_sign_out_ends_the_access_token(self, client, sign_in, is_dead):
        user = make_user()
        tokens, other = sign_in(user), sign_in(user)
        client.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})

        assert is_dead(tokens)
        assert not is_dead(other)

    def test_reuse_ends_every_access_token_of_the_family(self, client, sign_in, is_dead):
        stolen = sign_in(make_user())
        rotated = refresh(client, stolen).json
        refresh(client, stolen, **{"User-Agent": "thief/1"})

        assert is_dead(stolen)
        assert is_dead(rotated)

    def test_signing_out_works_without_redis_and_is_told_later(self, make_users, keep, is_dead):
        app = make_users(redis_url=DEAD_REDIS)
        user = make_user()
        client = app.test_client()
        login = {"email": user.email, "password": "correct horse battery staple"}
        tokens = client.post("/v1/auth/login", json=login).json

        assert client.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]}).status_code == 204
        assert not is_dead(tokens)
        keep()
        assert is_dead(tokens)

    def test_redis_that_came_back_empty_is_told_again(self, client, sign_in, keep, is_dead, store):
        tokens = sign_in(make_user())
        client.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        keep()
        store.flushdb()
        assert not is_dead(tokens)
        keep()

        assert is_dead(tokens)

    def test_nothing_is_told_twice_without_need(self, client, sign_in, keep, store, hold_clock):
        tokens = sign_in(make_user())
        client.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        for seconds in (20, 40, 60):
            hold_clock(clock.now() + timedelta(seconds=seconds))
            keep()

        assert store.xlen(STREAM) <= 2


class TestChangedRights:
    @pytest.mark.parametrize("is_active", [False, 0, 0.0])
    def test_a_disabled_persons_sessions_end(self, is_active, client, sign_in, keep, is_dead):
        user = make_user()
        tokens, other = sign_in(user), sign_in(make_user())
        User.collection().update_one({"_id": user.id}, {"$set": {"is_active": is_active}})
        keep()

        assert is_dead(tokens)
        assert not is_dead(other)
        assert Session.objects(user_id=user.id, ended_at=None).count() == 0
        assert AuditEntry.objects(kind="session_ended", user_id=user.id).count() == 1

    def test_an_edited_role_ends_tokens_and_the_session_goes_on_with_the_new_rights(
        self, client, sign_in, keep, is_dead
    ):
        user = make_user()
        tokens, approver = sign_in(user), sign_in(make_user(roles=["approver"]))
        Role.objects(id="buyer").update(set__permissions=["products:read"])
        keep()
        assert is_dead(tokens)
        assert not is_dead(approver)
        assert AuditEntry.objects(kind="rights_changed", user_id=user.id).count() == 1
        time.sleep(1.0 - time.time() % 1.0)  # tokens count whole seconds
        fresh = refresh(client, tokens).json
        keep()

        assert not is_dead(fresh)
        assert claims(fresh)["scope"] == "products:read"

    def test_a_person_with_another_role(self, sign_in, keep, is_dead):
        user = make_user()
        tokens = sign_in(user)
        User.objects(id=user.id).update(set__roles=["approver", "sales_rep"])
        keep()

        assert is_dead(tokens)

    def test_an_acting_token_ends_with_the_buyers_role(self, client, sign_in, keep, is_dead):
        company = make_user().company_id
        rep = sign_in(make_rep())
        body = {"company_id": company, "reason": "order by phone"}
        acting = client.post("/v1/auth/acting-tokens", json=body, headers=bearer(rep)).json
        keep()
        assert not is_dead(acting)
        Role.objects(id="buyer").update(set__permissions=["products:read"])
        keep()

        assert is_dead(acting)

    def test_is_told_once(self, sign_in, keep, store):
        sign_in(make_user())
        Role.objects(id="buyer").update(set__permissions=["products:read"])
        for _ in range(3):
            keep()

        assert AuditEntry.objects(kind="rights_changed").count() == 1
        assert store.xlen(STREAM) <= 4

    def test_sessions_without_a_live_token_are_left_alone(self, sign_in, keep, hold_clock):
        user = make_user()
        sign_in(user)
        User.objects(id=user.id).update(set__is_active=False)
        hold_clock(clock.now() + TOKEN_LIFE + timedelta(seconds=1))
        keep()

        assert Session.objects(ended_at=None).count() == 1

    def test_sessions_of_an_older_version_are_left_alone(self, sign_in, keep, is_dead):
        tokens = sign_in(make_user())
        Session.objects.update(unset__issued_at=True, unset__scope_digest=True)
        keep()

        assert not is_dead(tokens)

    def test_a_person_who_no_longer_exists_has_no_session(self, sign_in, keep, is_dead):
        user = make_user()
        tokens = sign_in(user)
        User.objects(id=user.id).delete()
        keep()

        assert is_dead(tokens)
        assert Session.objects(user_id=user.id, ended_at=None).count() == 0

    @pytest.mark.parametrize("change", [{"roles": "buyer"}, {"roles": [5, "buyer"]}, {"is_active": []}], ids=str)
    def test_an_unreadable_person_keeps_no_later_session_from_its_end(self, change, sign_in, keep, is_dead):
        broken, disabled, changed = make_user(), make_user(), make_user()
        kept, ended, revoked = sign_in(broken), sign_in(disabled), sign_in(changed)
        User.collection().update_one({"_id": broken.id}, {"$set": change})
        User.objects(id=disabled.id).update(set__is_active=False)
        User.objects(id=changed.id).update(set__roles=["approver", "sales_rep"])
        keep()

        assert (is_dead(kept), is_dead(ended), is_dead(revoked)) == (False, True, True)
        assert Session.objects(user_id=broken.id, ended_at=None).count() == 1

    @pytest.mark.parametrize("name", ["email", "name", "version", "invitation"])
    def test_a_disabled_person_whose_other_fields_are_unreadable_loses_the_token(self, name, sign_in, keep, is_dead):
        user = make_user()
        tokens = sign_in(user)
        User.collection().update_one({"_id": user.id}, {"$set": {name: "broken", "is_active": False}})
        keep()

        assert is_dead(tokens)

    @pytest.mark.parametrize("change", [{"$unset": {"user_id": ""}}, {"$set": {"scope_digest": 5}}], ids=str)
    def test_an_unreadable_session_keeps_no_later_one_from_its_end(self, change, sign_in, keep, is_dead):
        broken, user = make_user(), make_user()
        sign_in(broken)
        tokens = sign_in(user)
        Session._get_collection().update_one({"user_id": broken.id}, change)
        User.objects(id=user.id).update(set__is_active=False)
        keep()

        assert is_dead(tokens)

    def test_a_store_that_is_away_stops_nothing(self, make_users):
        with make_users(redis_url=DEAD_REDIS).app_context():
            keep_revocations()


class TestEverywhere:
    def test_the_token_dies_at_the_gateway_and_at_a_service_within_seconds(
        self, users, client, sign_in, make_app, redis_url
    ):
        keys = users.extensions["tradepost_clients"].keys
        gateway = create_gateway(GatewaySettings(redis_url=redis_url, users_url="http://127.0.0.1:1"), keys=keys)
        other = make_app("users")
        other.extensions["tradepost_verifier"].keys = keys
        other.extensions["tradepost_verifier"].__post_init__()
        tokens = sign_in(make_user())
        doors = (gateway.test_client(), "/api/v1/me", 503), (other.test_client(), "/v1/me", 200)
        for door, path, status in doors:
            assert door.get(path, headers=bearer(tokens)).status_code == status
        client.post("/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        give_up_at = time.monotonic() + HEALED_SECONDS
        for door, path, _ in doors:
            while (response := door.get(path, headers=bearer(tokens))).status_code != 401:
                assert time.monotonic() < give_up_at
                time.sleep(0.2)
            assert response.get_json()["type"] == "/problems/access-token-invalid"
