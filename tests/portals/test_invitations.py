"""Invitations at the portals: made by staff, accepted by whoever holds the link."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor

PASSWORD = "a long enough password"


@pytest.fixture
def invited(admin_app: Flask, gateway: FakeGateway) -> Visitor:
    gateway.shop.people.add("secret-token")
    return Visitor(admin_app, "/admin")


class TestAccept:
    def test_takes_a_password_from_somebody_who_is_not_signed_in(self, invited: Visitor, gateway: FakeGateway):
        page = invited.get("/admin/invitations/secret-token")
        assert "new@merchant.example" in page.text

        page = page.submit("/invitations/secret-token", password=PASSWORD, again=PASSWORD)

        assert page.heading() == "Sign in"
        assert "Sign in as new@merchant.example" in page.text
        assert gateway.shop.people.passwords == {"new@merchant.example": PASSWORD}

    def test_never_puts_the_token_into_an_address_of_the_gateway(self, invited: Visitor, gateway: FakeGateway):
        invited.get("/admin/invitations/secret-token")

        assert all("secret-token" not in call.path for call in gateway.calls)

    def test_wants_the_password_twice(self, invited: Visitor, gateway: FakeGateway):
        page = invited.get("/admin/invitations/secret-token")

        page = page.submit("/invitations/secret-token", password=PASSWORD, again="another password")

        assert page.status == 422
        assert "not the same" in page.text
        assert PASSWORD not in page.source
        assert not gateway.shop.people.passwords

    @pytest.mark.parametrize(
        ("password", "reason"),
        [("short", "Use at least 12 characters"), ("password1234", "This password is too common")],
    )
    def test_says_what_is_wrong_with_the_password(self, password: str, reason: str, invited: Visitor):
        page = invited.get("/admin/invitations/secret-token")

        page = page.submit("/invitations/secret-token", password=password, again=password)

        assert page.status == 422
        assert reason in page.text

    @pytest.mark.parametrize(
        ("change", "status", "reason"),
        [
            ({"email": "came@merchant.example"}, 410, "Invitation used"),
            ({"is_expired": True}, 410, "Invitation expired"),
            (None, 404, "Invitation unknown"),
        ],
    )
    def test_says_why_a_link_opens_nothing(self, invited: Visitor, gateway: FakeGateway, change, status, reason):
        people = gateway.shop.people
        people.passwords["came@merchant.example"] = PASSWORD
        people.invitations.clear()
        if change is not None:
            people.add("secret-token", **change)

        page = invited.get("/admin/invitations/secret-token")

        assert page.status == status
        assert reason in page.text
        assert "/admin/sign-in" in page.links()

    def test_serves_buyers_at_the_customer_portal(self, visitor: Visitor, gateway: FakeGateway):
        gateway.shop.people.add("buyers-token", company_id="com_acme", roles=["buyer"])

        page = visitor.get("/invitations/buyers-token")

        assert page.heading() == "Accept your invitation"


class TestInvite:
    def test_shows_the_link_once(self, staff: Visitor):
        page = staff.get("/admin/people")
        page = page.submit("/people", email="rep@merchant.example", name="Remy", role="sales_rep")

        assert "http://portal.example/admin/invitations/token-1" in page.text
        assert "token-1" not in staff.get("/admin/people").text
        assert len(staff.get("/admin/people").rows()) == 1

    def test_sends_buyers_to_the_customer_portal(self, staff: Visitor, gateway: FakeGateway):
        page = staff.get("/admin/people?company=com_acme")
        assert "Invite a person of Acme" in page.text
        page = page.submit("/people", email="bea@acme.example", name="Bea", role="buyer")

        assert "http://portal.example/invitations/token-1" in page.text
        assert gateway.shop.people.invitations["token-1"]["company_id"] == "com_acme"

    def test_tells_that_an_address_is_known(self, staff: Visitor):
        page = staff.get("/admin/people")
        page = page.submit("/people", email="taken@merchant.example", name="Ted", role="sales_rep")

        assert page.status == 422
        assert "Person known" in page.text
        assert 'value="taken@merchant.example"' in page.source

    def test_renews_and_withdraws(self, staff: Visitor, gateway: FakeGateway):
        gateway.shop.people.add("first")

        page = staff.get("/admin/people").submit("/people/usr_first/renewal")
        assert "/admin/invitations/renewed" in page.text

        page = page.submit("/people/usr_first/withdrawal").confirm()
        assert "withdrawn" in page.text
        assert not gateway.shop.people.invitations
