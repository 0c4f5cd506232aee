"""Signing in and out, the session's cookie, and tokens that run out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.portals.conftest import HandClock
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import BUYER
from tests.portals.pages import Visitor


class TestSignIn:
    def test_lets_a_buyer_in_and_shows_the_company(self, visitor: Visitor):
        page = visitor.sign_in("buyer@acme.example")

        assert page.status == 200
        assert page.heading() == "Acme Trading"

    def test_refuses_a_wrong_password_and_keeps_the_address(self, visitor: Visitor):
        page = visitor.sign_in("buyer@acme.example", "wrong")

        assert page.status == 401
        assert "do not belong together" in page.text
        assert 'value="buyer@acme.example"' in page.source
        assert "wrong" not in page.source

    def test_leads_back_to_the_page_that_was_asked_for(self, visitor: Visitor):
        page = visitor.get("/orders?status=shipped")
        assert page.heading() == "Sign in"

        page = page.submit("/sign-in", email="buyer@acme.example", password="tradepost-demo")

        assert page.heading() == "Orders"
        assert page.response.request.query_string == b"status=shipped"

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
            "/\r\nSet-Cookie: a=b",
        ],
    )
    def test_never_leads_to_another_site(self, visitor: Visitor, target: str):
        page = visitor.get("/sign-in", query={"next": target})
        form = {"email": "buyer@acme.example", "password": "tradepost-demo", "next": target}

        response = visitor.send("/sign-in", form | {"csrf_token": _token(page)})

        assert response.headers["Location"] == "/"

    def test_refuses_staff_at_the_customer_portal_and_keeps_no_tokens(self, visitor: Visitor, gateway: FakeGateway):
        page = visitor.sign_in("admin@tradepost.example")

        assert page.status == 403
        assert "Staff sign in at the admin portal" in page.text
        assert gateway.sent("POST", "/auth/logout")
        assert visitor.get("/orders").heading() == "Sign in"

    def test_refuses_buyers_at_the_admin_portal(self, admin_app: Flask):
        page = Visitor(admin_app, "/admin").sign_in("buyer@acme.example")

        assert page.status == 403
        assert "for the merchant's staff" in page.text

    def test_signs_out_for_good(self, buyer: Visitor, gateway: FakeGateway):
        before = buyer.cookie("__Host-customer")

        page = buyer.get("/").submit("/sign-out")

        assert page.heading() == "Sign in"
        assert gateway.sent("POST", "/auth/logout")
        buyer.client.set_cookie("__Host-customer", str(before), path="/")
        assert buyer.get("/orders").heading() == "Sign in"

    def test_signs_out_even_when_the_gateway_is_away(self, buyer: Visitor, gateway: FakeGateway):
        page = buyer.get("/account")
        gateway.is_down = True

        assert page.submit("/sign-out").heading() == "Sign in"

    def test_goes_on_where_the_same_person_was(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")
        buyer.get("/products/BOLT-M8").submit("/cart/items")
        gateway.revoke_all()

        page = buyer.get("/orders").submit("/sign-in", email="buyer@acme.example", password="tradepost-demo")

        assert "Cart 1 lines" in page.text

    def test_leaves_nothing_to_the_next_person(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")
        gateway.shop.users["approver@acme.example"] = BUYER | {"id": "usr_2", "email": "approver@acme.example"}
        buyer.get("/products/BOLT-M8").submit("/cart/items")
        gateway.revoke_all()

        page = buyer.get("/orders").submit("/sign-in", email="approver@acme.example", password="tradepost-demo")

        assert "Cart 1 lines" not in page.text


class TestCookie:
    @pytest.mark.parametrize(("portal", "path"), [("customer", "/sign-in"), ("admin", "/admin/sign-in")])
    def test_is_out_of_reach_of_scripts_and_other_sites(
        self, portal: str, path: str, customer_app: Flask, admin_app: Flask
    ):
        app = {"customer": customer_app, "admin": admin_app}[portal]

        cookie = Visitor(app).get(path).response.headers["Set-Cookie"]

        assert cookie.startswith(f"__Host-{portal}=")
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}

    def test_changes_when_somebody_signs_in(self, visitor: Visitor):
        visitor.get("/sign-in")
        before = visitor.cookie("__Host-customer")

        visitor.sign_in("buyer@acme.example")

        assert visitor.cookie("__Host-customer") != before

    def test_adopts_no_id_that_it_did_not_give(self, visitor: Visitor):
        planted = "A" * 43
        visitor.client.set_cookie("__Host-customer", planted, path="/")

        visitor.sign_in("buyer@acme.example")

        assert visitor.cookie("__Host-customer") != planted

    def test_holds_nothing_but_the_id(self, buyer: Visitor, gateway: FakeGateway):
        cookie = str(buyer.cookie("__Host-customer"))

        assert len(cookie) == 43
        assert "access-" not in buyer.get("/").source

    def test_assets_and_probes_need_no_session(self, visitor: Visitor):
        for path in ("/static/theme.css", "/bootstrap/static/css/bootstrap.min.css", "/health/live"):
            with visitor.client.get(path) as response:
                assert response.status_code == 200
                assert "Set-Cookie" not in response.headers


class TestTokens:
    def test_are_refreshed_before_they_run_out(self, buyer: Visitor, gateway: FakeGateway, hand_clock: HandClock):
        hand_clock.now += 590

        assert buyer.get("/orders").status == 200
        assert gateway.refreshes == 1

    def test_are_refreshed_when_the_gateway_takes_them_no_more(self, buyer: Visitor, gateway: FakeGateway):
        gateway.expire_access()

        assert buyer.get("/orders").heading() == "Orders"
        assert gateway.refreshes == 1

    def test_are_refreshed_once_by_many_requests_at_once(self, buyer: Visitor, gateway: FakeGateway):
        gateway.expire_access()
        cookie = str(buyer.cookie("__Host-customer"))

        def fetch(_: int) -> int:
            other = Visitor(buyer.app)
            other.client.set_cookie("__Host-customer", cookie, path="/")
            return other.get("/orders", follow=False).status

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(fetch, range(16)))

        assert statuses == [200] * 16
        assert gateway.refreshes == 1

    def test_that_cannot_be_refreshed_lead_to_the_sign_in_and_back(self, buyer: Visitor, gateway: FakeGateway):
        gateway.revoke_all()

        page = buyer.get("/orders?status=shipped")

        assert page.heading() == "Sign in"
        page = page.submit("/sign-in", email="buyer@acme.example", password="tradepost-demo")
        assert page.heading() == "Orders"

    def test_that_end_during_a_form_are_explained(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")
        page = buyer.get("/products/BOLT-M8")
        gateway.revoke_all()

        page = page.submit("/cart/items")

        assert page.heading() == "Sign in"
        assert "Your session has ended" in page.text


def _token(page) -> str:
    return next(field.get("value") for field in page.all("input") if field.get("name") == "csrf_token")
