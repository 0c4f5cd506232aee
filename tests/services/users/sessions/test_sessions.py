"""Sessions: rotation, theft, and the end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from services.users.audit.documents import AuditEntry
from services.users.people.documents import Role, User
from services.users.sessions.documents import RefreshToken, Session
from shared.base import clock
from tests.factories.users import make_user
from tests.services.users.conftest import bearer


@pytest.fixture
def refresh(client):
    def call(token, *, address="198.51.100.7", program="portal/1"):
        headers = {"X-Forwarded-For": address, "User-Agent": program}
        return client.post("/v1/auth/refresh", json={"refresh_token": token}, headers=headers)

    return call


class TestRefresh:
    def test_rotates(self, sign_in, refresh, client):
        first = sign_in(make_user())
        second = refresh(first["refresh_token"])

        assert second.status_code == 200
        assert set(second.json) == set(first)
        assert second.json["refresh_token"] != first["refresh_token"]
        assert client.get("/v1/me", headers=bearer(second.json)).status_code == 200
        assert refresh(second.json["refresh_token"]).status_code == 200

    @pytest.mark.parametrize("thief", [{"address": "203.0.113.9"}, {"program": "curl/8"}])
    def test_reuse_by_another_client_ends_the_whole_family(self, thief, sign_in, refresh):
        user = make_user()
        stolen = sign_in(user)["refresh_token"]
        rotated = refresh(stolen).json["refresh_token"]

        again = refresh(stolen, **thief)

        assert again.status_code == 401
        assert again.json["type"] == "/problems/session-over"
        assert refresh(rotated).status_code == 401
        assert AuditEntry.objects(kind="refresh_token_reused", user_id=user.id).count() == 1

    def test_reuse_after_ten_seconds_ends_the_whole_family(self, sign_in, refresh, hold_clock):
        stolen = sign_in(make_user())["refresh_token"]
        rotated = refresh(stolen).json["refresh_token"]
        hold_clock(clock.now() + timedelta(seconds=11))

        assert refresh(stolen).status_code == 401
        assert refresh(rotated).status_code == 401

    def test_the_same_client_gets_the_same_successor_again(self, sign_in, refresh):
        token = sign_in(make_user())["refresh_token"]
        first, again = refresh(token).json, refresh(token).json

        assert first["refresh_token"] == again["refresh_token"]
        assert refresh(first["refresh_token"]).status_code == 200

    def test_a_straggler_gets_nothing_once_the_successor_was_used_and_ends_nothing(self, sign_in, refresh):
        token = sign_in(make_user())["refresh_token"]
        second = refresh(token).json["refresh_token"]
        third = refresh(second).json["refresh_token"]

        assert refresh(token).status_code == 401
        assert refresh(third).status_code == 200

    def test_a_token_used_before_the_update_was_used_by_another_client(self, sign_in, refresh):
        token = sign_in(make_user())["refresh_token"]
        refresh(token)
        RefreshToken.objects(used_at__ne=None).update(unset__used_by=True)

        assert refresh(token).status_code == 401
        assert Session.objects(ended_at=None).count() == 0

    def test_reuse_leaves_other_sessions_alone(self, sign_in, refresh):
        user = make_user()
        stolen, other = sign_in(user)["refresh_token"], sign_in(user)["refresh_token"]
        for address in ("198.51.100.7", "203.0.113.9"):
            refresh(stolen, address=address)

        assert refresh(other).status_code == 200

    def test_ten_at_once_have_one_winner_whose_token_lives(self, users, sign_in, refresh, client):
        token = sign_in(make_user())["refresh_token"]
        barrier, answers = threading.Barrier(10), []

        def race():
            barrier.wait()
            answers.append(users.test_client().post("/v1/auth/refresh", json={"refresh_token": token}))

        threads = [threading.Thread(target=race) for _ in range(10)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert [each.status_code for each in answers] == [200] * 10
        assert len({each.json["refresh_token"] for each in answers}) == 1
        assert {client.get("/v1/me", headers=bearer(each.json)).status_code for each in answers} == {200}
        assert refresh(answers[0].json["refresh_token"]).status_code == 200
        assert Session.objects(ended_at=None).count() == 1

    def test_follows_changed_roles(self, sign_in, refresh, client):
        user = make_user()
        token = sign_in(user)["refresh_token"]
        Role.objects(id="buyer").update(set__permissions=["products:read"])

        fresh = refresh(token).json

        assert client.get("/v1/me", headers=bearer(fresh)).json["permissions"] == ["products:read"]

    def test_ends_with_the_person(self, sign_in, refresh):
        user = make_user()
        token = sign_in(user)["refresh_token"]
        User.objects(id=user.id).update(set__is_active=False)

        assert refresh(token).status_code == 401

    def test_ends_with_the_session(self, sign_in, refresh, hold_clock):
        token = sign_in(make_user())["refresh_token"]
        hold_clock(clock.now() + timedelta(days=31))

        assert refresh(token).status_code == 401

    @pytest.mark.parametrize("token", ["rt_unknown", "x", "a.b.c"])
    def test_unknown_token(self, token, refresh):
        assert refresh(token).status_code == 401

    @pytest.mark.parametrize("token", [{"$ne": ""}, [], 1, None, "", "x" * 300])
    def test_what_is_no_token_is_invalid(self, token, refresh):
        assert refresh(token).status_code == 422

    def test_an_access_token_is_none(self, sign_in, client):
        access = sign_in(make_user())["access_token"]

        assert client.post("/v1/auth/refresh", json={"refresh_token": access}).status_code in (401, 422)


class TestSignOut:
    def test_ends_the_session(self, sign_in, refresh, client):
        user = make_user()
        token = sign_in(user)["refresh_token"]

        assert client.post("/v1/auth/logout", json={"refresh_token": token}).status_code == 204
        assert refresh(token).status_code == 401
        assert AuditEntry.objects(kind="signed_out", user_id=user.id).count() == 1

    def test_may_be_repeated(self, sign_in, client):
        token = sign_in(make_user())["refresh_token"]

        statuses = [client.post("/v1/auth/logout", json={"refresh_token": token}).status_code for _ in range(2)]

        assert statuses == [204, 204]
        assert client.post("/v1/auth/logout", json={"refresh_token": "rt_unknown"}).status_code == 204


class TestMe:
    def test_buyer(self, sign_in, client):
        user = make_user()

        me = client.get("/v1/me", headers=bearer(sign_in(user))).json

        assert (me["id"], me["email"], me["name"], me["roles"]) == (user.id, user.email, user.name, ["buyer"])
        assert me["company"] == {"id": user.company_id, "name": "Acme Workshop Ltd"}
        assert "orders:write" in me["permissions"]
        assert me["acting"] is None

    def test_anonymous_clients(self, client):
        assert client.get("/v1/me").status_code == 401

    def test_a_person_who_left(self, sign_in, client):
        user = make_user()
        tokens = sign_in(user)
        User.objects(id=user.id).update(set__is_active=False)

        assert client.get("/v1/me", headers=bearer(tokens)).status_code == 401

    def test_services_have_no_self(self, api, users):
        assert api(users, service="orders").get("/v1/me").status_code == 403
