"""The demo's people, in demo mode only; and a service that starts only when it is set up properly."""

from __future__ import annotations

import pytest

from services.users.companies.documents import Company
from services.users.demo import operations
from services.users.errors import NotDemo
from services.users.people.documents import Role, User
from services.users.people.rules import DEMO_PASSWORD
from shared.base.errors import SettingsInvalid
from tools.demo import people


def login(app, email):
    return app.test_client().post("/v1/auth/login", json={"email": email, "password": DEMO_PASSWORD})


class TestSeed:
    def test_creates_people_who_can_sign_in(self, make_users):
        app = make_users(tradepost_env="demo")

        assert operations.seed_demo(DEMO_PASSWORD, mode="demo") == 6
        emails = ["admin@tradepost.example", "rep@tradepost.example"]
        emails += ["buyer@acme.example", "approver@acme.example", "buyer@globex.example", "buyer@initech.example"]
        assert [login(app, email).status_code for email in emails] == [200] * 6
        companies = {user.company_id for email in emails[2:4] if (user := User.find_by_email(email))}
        assert len(companies) == 1

    def test_may_be_repeated(self, make_users):
        make_users(tradepost_env="demo")
        operations.seed_demo(DEMO_PASSWORD, mode="demo")
        before = (Company.objects.count(), User.objects.count())

        assert operations.seed_demo(DEMO_PASSWORD, mode="demo") == 0
        assert (Company.objects.count(), User.objects.count()) == before == (3, 6)

    @pytest.mark.parametrize("mode", ["", "test", "staging", "prod", "DEMO"])
    def test_is_refused_elsewhere(self, mode, users):
        with pytest.raises(NotDemo):
            operations.seed_demo(DEMO_PASSWORD, mode=mode)
        assert User.objects.count() == 0

    @pytest.mark.parametrize("mode", ["test", "staging"])
    def test_its_password_opens_nothing_elsewhere(self, mode, make_users):
        app = make_users()
        operations.seed_demo(DEMO_PASSWORD, mode="demo")

        assert login(make_users(tradepost_env=mode), "admin@tradepost.example").status_code == 401
        assert login(app, "admin@tradepost.example").status_code == 401

    def test_password_is_the_one_that_is_printed(self):
        assert people.PASSWORD == DEMO_PASSWORD


class TestRoles:
    def test_edited_roles_survive_a_restart(self, make_users):
        make_users()
        Role.objects(id="buyer").update(set__permissions=["products:read"])
        make_users()

        assert Role.permissions_of(["buyer"]) == {"products:read"}

    def test_unknown_roles_allow_nothing(self, users):
        assert Role.permissions_of(["buyer", "gone"]) == Role.permissions_of(["buyer"])
        assert Role.permissions_of(["gone"]) == set()


class TestSettings:
    @pytest.mark.parametrize("hashes", ["nonsense", "[]", '{"orders": "short"}', '{"orders": 5}'])
    def test_secret_hashes_must_be_such(self, hashes, make_users):
        with pytest.raises(SettingsInvalid, match="SERVICE_SECRET_HASHES"):
            make_users(service_secret_hashes=hashes)


class TestDescription:
    def test_every_public_route_is_in_the_gateways_table_and_described(self, client):
        from services.gateway.policy import POLICY

        paths = client.get("/openapi.json").json["paths"]
        described = {
            (method.upper(), path)
            for path, operations_of in paths.items()
            for method in operations_of
            if method in ("get", "post", "delete") and not path.startswith("/internal")
        }
        published = {(row.method, row.upstream_path) for row in POLICY if row.upstream == "users"}
        assert described == published
