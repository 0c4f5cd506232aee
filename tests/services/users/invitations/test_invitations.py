"""Invitations: who may invite whom, and a link that lets in one person once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.users.audit.documents import AuditEntry
from services.users.companies.documents import Company
from services.users.invitations.operations import open_invitations
from services.users.people.documents import User
from shared.base import clock
from tests.factories.users import make_company, make_user
from tests.services.users.conftest import bearer

STRONG = "a long enough password"


@pytest.fixture
def admin(api, users):
    return api(users, role="merchant_admin", user_id="usr_owner")


@pytest.fixture
def invite(admin):
    def call(**changes):
        body = {"email": "New@Merchant.example", "name": "Nia New", "roles": ["sales_rep"]} | changes
        return admin.post("/v1/invitations", json=body)

    return call


@pytest.fixture
def accept(client):
    def call(token, **changes):
        body = {"token": token, "name": "Nia New", "password": STRONG} | changes
        return client.post("/v1/invitations/acceptance", json=body)

    return call


class TestInvite:
    def test_tells_the_token_and_keeps_only_its_digest(self, invite):
        answer = invite()

        assert answer.status_code == 201
        stored = User.collection().find_one({"_id": answer.json["id"]})
        assert stored is not None
        assert answer.json["token"] not in repr(stored)
        assert stored["is_active"] is False

    def test_is_written_to_the_audit_log(self, invite):
        user_id = invite().json["id"]

        entry = AuditEntry.objects.get(user_id=user_id)
        assert (entry.kind, entry.actor_id) == ("invited", "usr_owner")

    def test_refuses_an_address_that_is_known(self, invite):
        make_user(email="new@merchant.example")

        assert invite().json["type"] == "/problems/person-known"

    @pytest.mark.parametrize(
        "email",
        ["\u00fc-x@acme.example", '"a b"@acme.example', "a@[192.0.2.1]", "a@localhost", "a" * 250 + "@b.example"],
    )
    def test_refuses_an_address_that_no_mail_reaches(self, invite, email):
        answer = invite(email=email)

        assert answer.status_code == 422
        assert {error["pointer"] for error in answer.json["errors"]} == {"/email"}
        assert User.objects.count() == 0

    def test_of_a_domain_beyond_ascii_can_sign_in_in_both_spellings(self, invite, accept, client):
        accept(invite(email="Nia@B\u00fccher.example").json["token"])

        for email in ("nia@b\u00fccher.example", "nia@xn--bcher-kva.example", "NIA@B\u00dcCHER.example"):
            login = client.post("/v1/auth/login", json={"email": email, "password": STRONG})
            assert login.status_code == 200

    @pytest.mark.parametrize("role", ["buyer", "no_such_role"])
    def test_gives_staff_only_roles_of_staff(self, invite, role):
        answer = invite(roles=[role])

        assert answer.status_code == 422
        assert role in answer.json["errors"][0]["detail"]

    def test_gives_buyers_no_role_of_staff(self, invite):
        company = make_company()

        assert invite(company_id=company.id, roles=["merchant_admin"]).status_code == 422
        assert invite(company_id=company.id, roles=["buyer"]).status_code == 201

    def test_is_for_those_who_may(self, api, users):
        body = {"email": "a@b.example", "name": "A", "roles": ["sales_rep"]}

        assert api(users, role="sales_rep").post("/v1/invitations", json=body).status_code == 403

    def test_of_a_company_reaches_that_company_alone(self, api, users):
        own, other = make_company(), make_company()
        inviter = api(users, role="buyer", company_id=own.id, scope="users:invite")
        body = {"email": "a@b.example", "name": "A", "roles": ["buyer"]}

        assert inviter.post("/v1/invitations", json=body | {"company_id": other.id}).status_code == 404
        assert inviter.post("/v1/invitations", json=body | {"roles": ["sales_rep"]}).status_code == 404
        assert inviter.post("/v1/invitations", json=body | {"company_id": own.id}).status_code == 201


class TestAccept:
    def test_lets_the_person_sign_in_with_the_invited_role(self, invite, accept, client):
        token = invite().json["token"]

        assert accept(token).status_code == 200

        login = client.post("/v1/auth/login", json={"email": "new@merchant.example", "password": STRONG})
        me = client.get("/v1/me", headers=bearer(login.json)).json
        assert (me["roles"], me["company"]) == (["sales_rep"], None)

    def test_no_invited_person_signs_in_before(self, invite, client):
        invite()

        for password in ("", "None", STRONG):
            answer = client.post("/v1/auth/login", json={"email": "new@merchant.example", "password": password})
            assert answer.status_code in (401, 422)

    def test_serves_once(self, invite, accept, client):
        token = invite().json["token"]
        accept(token)

        assert accept(token, password="another long password").json["type"] == "/problems/invitation-used"
        assert client.post("/v1/invitations/lookup", json={"token": token}).status_code == 410
        login = client.post("/v1/auth/login", json={"email": "new@merchant.example", "password": STRONG})
        assert login.status_code == 200

    def test_lets_in_one_of_two_who_accept_at_once(self, invite, users):
        token = invite().json["token"]
        together = threading.Barrier(2)

        def accept(name: str) -> tuple[int, str]:
            together.wait()
            body = {"token": token, "name": name, "password": STRONG}
            answer = users.test_client().post("/v1/invitations/acceptance", json=body)
            return answer.status_code, name

        with ThreadPoolExecutor(2) as people:
            answers = sorted(people.map(accept, ["Ann", "Bob"]))

        assert [status for status, _ in answers] == [200, 410]
        (person,) = [each for each in User.objects if each.email == "new@merchant.example"]
        assert person.name == answers[0][1]

    def test_expires_after_three_days(self, invite, accept):
        token = invite().json["token"]

        with clock.frozen(clock.now() + timedelta(hours=73)):
            assert accept(token).json["type"] == "/problems/invitation-expired"
        assert accept(token).status_code == 200

    def test_knows_no_other_token(self, accept, client):
        assert accept("made-up").json["type"] == "/problems/invitation-unknown"
        assert client.post("/v1/invitations/lookup", json={"token": "made-up"}).status_code == 404

    def test_refuses_a_short_password_and_stays_open(self, invite, accept):
        token = invite().json["token"]

        assert accept(token, password="short").status_code == 422
        common = accept(token, password="Password1234!")
        assert common.status_code == 422
        assert common.json["errors"] == [
            {"pointer": "/password", "detail": "This password is too common; choose another."}
        ]
        assert accept(token, password="tradepost-demo").status_code == 422
        assert accept(token).status_code == 200


class TestLookAfter:
    def test_lists_who_has_not_come(self, invite, accept, admin):
        invite()
        accept(invite(email="came@merchant.example").json["token"])

        listed = admin.get("/v1/invitations").json["items"]

        assert [each["email"] for each in listed] == ["new@merchant.example"]
        assert "token" not in listed[0]

    @pytest.mark.parametrize(
        "change", [{"roles": 5}, {"name": b"\xe1\x01broken"}, {"invitation.expires_at": "x"}], ids=str
    )
    def test_listing_leaves_out_an_invitation_that_cannot_be_read(self, change, invite, admin):
        first, broken, last = (invite(email=f"new{number}@merchant.example").json["id"] for number in range(3))
        User.collection().update_one({"_id": broken}, {"$set": change})
        answer = admin.get("/v1/invitations")

        assert answer.status_code == 200
        assert [each["id"] for each in answer.json["items"]] == [first, last]

    def test_listing_reads_no_person_who_accepted(self, invite, accept, admin):
        for number in range(30):
            accept(invite(email=f"came{number}@merchant.example").json["token"])
        invite()

        query = open_invitations({})
        plan = User.collection().find(query).sort([("_id", 1)]).limit(21).explain()

        assert plan["executionStats"]["totalDocsExamined"] == 1

    def test_renewing_replaces_the_token(self, invite, accept, admin):
        first = invite().json
        second = admin.post(f"/v1/invitations/{first['id']}/renewal").json

        assert accept(first["token"]).status_code == 404
        assert accept(second["token"]).status_code == 200
        assert admin.post(f"/v1/invitations/{first['id']}/renewal").status_code == 404

    def test_withdrawing_frees_the_address(self, invite, accept, admin):
        first = invite().json

        assert admin.delete(f"/v1/invitations/{first['id']}").status_code == 204

        assert accept(first["token"]).status_code == 404
        assert invite().status_code == 201

    def test_never_withdraws_a_person_who_accepted(self, invite, accept, admin):
        first = invite().json
        accept(first["token"])

        assert admin.delete(f"/v1/invitations/{first['id']}").status_code == 404
        assert User.objects.get(id=first["id"]).withdraw_invitation() is False
        assert Company.objects.count() == 0
        assert User.objects(id=first["id"]).count() == 1


class TestState:
    def test_is_read_where_the_answer_says(self, invite, admin):
        made = invite()
        path = made.headers["Location"]
        shown = admin.get(path)

        assert shown.json == {name: value for name, value in made.json.items() if name != "token"}
        assert admin.get(path, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304

    def test_is_renewed_and_withdrawn_by_who_saw_the_present_one(self, invite, admin):
        path = invite().headers["Location"]
        stale = {"If-Match": admin.get(path).headers["ETag"]}
        admin.post(f"{path}/renewal")

        assert admin.post(f"{path}/renewal", headers=stale).status_code == 412
        assert admin.delete(path, headers=stale).status_code == 412
        assert admin.delete(path, headers={"If-Match": admin.get(path).headers["ETag"]}).status_code == 204
        assert admin.get(path).status_code == 404
