"""Staff who act for a company, and services that act for themselves."""

from __future__ import annotations

import pytest

from services.users.audit.documents import AuditEntry
from tests.factories.users import make_company, make_rep, make_user
from tests.services.users.conftest import SECRETS, bearer
from tests.services.users.sessions.test_signing_in import decoded


class TestActingToken:
    def test_carries_both_identities(self, client, sign_in):
        rep, company = make_rep(), make_company()

        response = client.post(
            "/v1/auth/acting-tokens", json={"company_id": company.id, "reason": "phoned"}, headers=bearer(sign_in(rep))
        )

        assert response.status_code == 200
        assert response.json["company_id"] == company.id
        assert response.json["expires_in"] == 600
        claims = decoded(response.json["access_token"])
        assert (claims["sub"], claims["act"], claims["company_id"]) == (rep.id, rep.id, company.id)
        scope = set(claims["scope"].split())
        assert {"orders:write", "cart:write", "orders:override_price"} <= scope
        assert not any(permission.endswith(":any") for permission in scope)

    def test_stands_in_the_audit_log(self, client, sign_in):
        rep, company = make_rep(), make_company()
        body = {"company_id": company.id, "reason": "phoned"}
        client.post("/v1/auth/acting-tokens", json=body, headers=bearer(sign_in(rep)))

        entry = AuditEntry.objects.get(kind="acting_token_issued")
        assert (entry.actor_id, entry.company_id, entry.reason) == (rep.id, company.id, "phoned")

    def test_me_tells_who_acts(self, client, sign_in):
        rep, company = make_rep(), make_company(name="Globex")
        body = {"company_id": company.id, "reason": "phoned"}
        acting = client.post("/v1/auth/acting-tokens", json=body, headers=bearer(sign_in(rep))).json

        me = client.get("/v1/me", headers=bearer(acting)).json

        assert me["company"] == {"id": company.id, "name": "Globex"}
        assert me["acting"] == {"user_id": rep.id, "name": rep.name}

    def test_does_not_make_another(self, client, sign_in):
        rep, company = make_rep(), make_company()
        body = {"company_id": company.id, "reason": "phoned"}
        acting = client.post("/v1/auth/acting-tokens", json=body, headers=bearer(sign_in(rep))).json

        again = client.post("/v1/auth/acting-tokens", json=body, headers=bearer(acting))

        assert again.status_code == 403
        assert again.json["type"] == "/problems/not-staff"

    def test_unknown_company(self, client, sign_in):
        body = {"company_id": "cmp_none", "reason": "phoned"}

        assert client.post("/v1/auth/acting-tokens", json=body, headers=bearer(sign_in(make_rep()))).status_code == 404

    def test_buyers_may_not(self, client, sign_in):
        body = {"company_id": make_company().id, "reason": "phoned"}

        assert client.post("/v1/auth/acting-tokens", json=body, headers=bearer(sign_in(make_user()))).status_code == 403

    @pytest.mark.parametrize("change", [{"reason": ""}, {"reason": None}, {"company_id": {"$ne": ""}}, {"act": "x"}])
    def test_needs_a_company_and_a_reason(self, change, client, sign_in):
        body = {"company_id": make_company().id, "reason": "phoned", **change}

        assert client.post("/v1/auth/acting-tokens", json=body, headers=bearer(sign_in(make_rep()))).status_code == 422


class TestServiceToken:
    def ask(self, client, **changes):
        body = {"service": "orders", "secret": SECRETS["orders"], "audience": "products", **changes}
        return client.post("/internal/v1/service-tokens", json=body)

    def test_is_for_one_audience(self, client):
        response = self.ask(client)

        assert response.status_code == 200
        assert response.json["expires_in"] == 600
        claims = decoded(response.json["access_token"])
        assert (claims["sub"], claims["aud"]) == ("svc_orders", "products")

    @pytest.mark.parametrize(
        "change",
        [{"secret": "wrong"}, {"secret": SECRETS["products"]}, {"service": "payments"}, {"service": "unknown"}],
    )
    def test_needs_the_services_own_secret(self, change, client):
        response = self.ask(client, **change)

        assert response.status_code == 401
        assert response.json["type"] == "/problems/invalid-service-secret"

    @pytest.mark.parametrize("audience", ["tradepost", "", "elsewhere", ["products"], {"$ne": ""}])
    def test_audience_is_a_service(self, audience, client):
        assert self.ask(client, audience=audience).status_code == 422

    @pytest.mark.parametrize(
        ("service", "audience"),
        [("orders", "search"), ("orders", "notifications"), ("orders", "orders"), ("products", "orders")],
    )
    def test_is_refused_for_a_service_that_it_does_not_call(self, service, audience, client):
        response = self.ask(client, service=service, secret=SECRETS[service], audience=audience)

        assert (response.status_code, response.json["type"]) == (403, "/problems/forbidden")

    def test_opens_internal_routes_of_its_audience_only(self, client):
        user = make_user()
        # Of users' internal routes none is for orders, and a token for products is none for users.
        for audience, status in (("users", 403), ("products", 401)):
            token = self.ask(client, audience=audience).json
            assert client.get(f"/internal/v1/users/{user.id}", headers=bearer(token)).status_code == status


class TestInternal:
    @pytest.fixture
    def notifications(self, api, users):
        return api(users, service="notifications")

    def test_user(self, notifications):
        user = make_user()

        assert notifications.get(f"/internal/v1/users/{user.id}").json == {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "company_id": user.company_id,
        }
        assert notifications.get("/internal/v1/users/usr_none").status_code == 404

    def test_contacts_are_the_active_people_of_the_company(self, notifications):
        company = make_company()
        first, second = make_user(company_id=company.id), make_user(company_id=company.id)
        make_user(company_id=company.id, is_active=False)
        make_user()

        items = notifications.get(f"/internal/v1/companies/{company.id}/contacts").json["items"]

        assert [each["user_id"] for each in items] == [first.id, second.id]
        assert items[0] == {"user_id": first.id, "email": first.email, "name": first.name}
        assert notifications.get("/internal/v1/companies/cmp_none/contacts").status_code == 404

    def test_people_may_not(self, api, users):
        for role in ("merchant_admin", "buyer"):
            assert api(users, role=role).get("/internal/v1/users/usr_one").status_code == 403
