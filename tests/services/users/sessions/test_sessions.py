"""Sessions: rotation, theft, and the end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from services.users.audit.documents import AuditEntry
from services.users.people.documents import Role, User
from services.users.sessions.documents import Session
from shared.base import clock
from tests.factories.users import make_user
from tests.services.users.conftest import bearer


@pytest.fixture
def refresh(client):
    return lambda token: client.post("/v1/auth/refresh", json={"refresh_token": token})


class TestRefresh:
    def test_rotates(self, sign_in, refresh, client):
        first = sign_in(make_user())
        second = refresh(first["refresh_token"])

        assert second.status_code == 200
        assert set(second.json) == set(first)
        assert second.json["refresh_token"] != first["refresh_token"]
        assert client.get("/v1/me", headers=bearer(second.json)).status_code == 200
        assert refresh(second.json["refresh_token"]).status_code == 200

    def test_reuse_ends_the_whole_family(self, sign_in, refresh):
        user = make_user()
        stolen = sign_in(user)["refresh_token"]
        rotated = refresh(stolen).json["refresh_token"]

        again = refresh(stolen)

        assert again.status_code == 401
        assert again.json["type"] == "/problems/session-over"
        assert refresh(rotated).status_code == 401
        assert AuditEntry.objects(kind="refresh_token_reused", user_id=user.id).count() == 1

    def test_reuse_leaves_other_sessions_alone(self, sign_in, refresh):
        user = make_user()
        stolen, other = sign_in(user)["refresh_token"], sign_in(user)["refresh_token"]
        for _ in range(2):
            refresh(stolen)

        assert refresh(other).status_code == 200

    def test_ten_at_once_have_one_winner(self, users, sign_in):
        token = sign_in(make_user())["refresh_token"]
        barrier, statuses = threading.Barrier(10), []

        def race():
            barrier.wait()
            response = users.test_client().post("/v1/auth/refresh", json={"refresh_token": token})
            statuses.append(response.status_code)

        threads = [threading.Thread(target=race) for _ in range(10)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        # The winner itself may find that a loser ended the session meanwhile.
        assert statuses.count(200) <= 1
        assert set(statuses) <= {200, 401}
        assert Session.objects(ended_at=None).count() == 0

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

    def test_nobody(self, client):
        assert client.get("/v1/me").status_code == 401

    def test_a_person_who_left(self, sign_in, client):
        user = make_user()
        tokens = sign_in(user)
        User.objects(id=user.id).update(set__is_active=False)

        assert client.get("/v1/me", headers=bearer(tokens)).status_code == 401

    def test_services_have_no_self(self, api, users):
        assert api(users, service="orders").get("/v1/me").status_code == 403
