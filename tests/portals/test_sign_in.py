"""Signing in and out, the session's cookie, and tokens that run out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from redis import Redis

from shared.calls.service_client import UpstreamUnavailable
from tests.portals.conftest import HandClock
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import BUYER
from tests.portals.pages import Visitor


@pytest.fixture
def sessions(redis_url: str) -> Iterator[Redis]:
    """What the portals keep in Redis."""
    with Redis.from_url(redis_url) as store:
        yield store


class TestStoredSession:
    def test_shows_nothing_to_who_reads_redis(self, visitor: Visitor, sessions: Redis):
        visitor.sign_in("buyer@acme.example")

        (key,) = sessions.keys("session:*")
        fields = sessions.hgetall(key)
        assert set(fields) == {b"state", b"tokens"}
        assert all(clear not in value for value in fields.values() for clear in (b"{", b"token", b"acme", b"access-"))

    def test_of_an_older_version_asks_to_sign_in_again(self, visitor: Visitor, sessions: Redis):
        visitor.sign_in("buyer@acme.example")
        (key,) = sessions.keys("session:*")
        sessions.hset(key, mapping={"state": "{}", "tokens": "{}"})

        assert visitor.get("/orders").heading() == "Sign in"

    def test_of_another_session_cannot_be_used(self, visitor: Visitor, customer_app: Flask, sessions: Redis):
        visitor.sign_in("buyer@acme.example")
        (first,) = sessions.keys("session:*")
        other = Visitor(customer_app)
        other.sign_in("buyer@acme.example")
        (second,) = set(sessions.keys("session:*")) - {first}
        for field, value in sessions.hgetall(first).items():
            sessions.hset(second, field, value)

        assert other.get("/orders").heading() == "Sign in"


class TestSignIn:
    def test_the_demo_is_one_click_away(self, customer_app: Flask, visitor: Visitor):
        assert "Use the demo account" not in visitor.get("/sign-in").text
        settings = customer_app.extensions["tradepost_settings"]
        customer_app.extensions["tradepost_settings"] = replace(settings, tradepost_env="demo")

        page = visitor.get("/sign-in?next=/orders")
        form = next(each for each in page.all("form") if "Use the demo account" in "".join(each.itertext()))
        values = {field.get("name"): field.get("value", "") for field in form.iter("input")}

        assert visitor.post("/sign-in", values).heading() == "Orders"

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
    @pytest.mark.parametrize(("portal", "same_site"), [("customer", "Lax"), ("admin", "Strict")])
    def test_is_out_of_reach_of_scripts_and_other_sites(
        self, portal: str, same_site: str, customer_app: Flask, admin_app: Flask
    ):
        app, base = {"customer": (customer_app, ""), "admin": (admin_app, "/admin")}[portal]
        visitor = Visitor(app, base)
        page = visitor.get(f"{base}/sign-in")
        email = "admin@tradepost.example" if portal == "admin" else "buyer@acme.example"
        form = {"email": email, "password": "tradepost-demo", "csrf_token": _token(page)}
        signed_in = visitor.send(f"{base}/sign-in", form)

        given = page.response.headers.getlist("Set-Cookie") + signed_in.headers.getlist("Set-Cookie")
        names = [cookie.partition("=")[0] for cookie in given]
        own = [f"__Host-{portal}-visit", f"__Host-{portal}-device", f"__Host-{portal}", f"__Host-{portal}-visit"]
        assert names == own
        for cookie in given:
            attributes = {part.strip() for part in cookie.split(";")[1:]}
            expected = "Strict" if "-device=" in cookie else same_site
            assert attributes >= {"Secure", "HttpOnly", "Path=/", f"SameSite={expected}"}
        assert visitor.cookie(f"__Host-{portal}-visit") is None

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


class TestVisit:
    @pytest.mark.parametrize("path", ["/sign-in", "/orders", "/invitations/secret-token", "/no-such-page", "/"])
    def test_a_view_by_nobody_stores_nothing(self, path: str, visitor: Visitor, sessions: Redis, gateway: FakeGateway):
        gateway.shop.people.add("secret-token")
        for _ in range(3):
            assert visitor.get(path).status in (200, 404)

        assert sessions.keys("session:*") == []

    def test_a_refused_sign_in_stores_nothing(self, visitor: Visitor, sessions: Redis):
        assert visitor.sign_in("buyer@acme.example", "wrong").status == 401

        assert sessions.keys("session:*") == []

    def test_a_session_is_stored_once_somebody_signs_in_and_gone_once_signed_out(
        self, visitor: Visitor, sessions: Redis
    ):
        page = visitor.sign_in("buyer@acme.example")
        assert len(sessions.keys("session:*")) == 1
        page = page.submit("/sign-out")

        assert "You are signed out" in page.text
        assert "You are signed out" not in visitor.get("/sign-in").text
        assert sessions.keys("session:*") == []

    @pytest.mark.parametrize("planted", ["", "x", "e30.aaaa.bbbb", "A" * 3000])
    def test_a_forged_visit_is_an_empty_one(self, planted: str, visitor: Visitor):
        visitor.client.set_cookie("__Host-customer-visit", planted, path="/")

        assert visitor.sign_in("buyer@acme.example").heading() == "Acme Trading"

    def test_a_form_of_another_visit_is_refused(self, visitor: Visitor, customer_app: Flask):
        foreign = _token(Visitor(customer_app).get("/sign-in"))
        visitor.get("/sign-in")
        form = {"email": "buyer@acme.example", "password": "tradepost-demo", "csrf_token": foreign}

        assert visitor.send("/sign-in", form).status_code == 400

    def test_a_visit_opens_no_page(self, visitor: Visitor, customer_app: Flask):
        forged = URLSafeTimedSerializer("s" * 32, salt="__Host-admin-visit").dumps({"viewer": {"id": "usr_1"}})
        visitor.client.set_cookie("__Host-customer-visit", forged, path="/")

        assert visitor.get("/orders").heading() == "Sign in"


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

    def test_bring_the_rights_of_the_present_role_to_the_pages(self, staff: Visitor, gateway: FakeGateway):
        assert "/admin/people" in staff.get("/admin/").links()
        person = gateway.shop.users["admin@tradepost.example"]
        rights = [each for each in person["permissions"] if not each.startswith("users:")]
        gateway.shop.users["admin@tradepost.example"] = person | {"permissions": rights}
        gateway.expire_access()

        assert "/admin/people" not in staff.get("/admin/").links()

    def test_are_refreshed_also_while_nobody_says_who_it_is(self, buyer: Visitor, gateway: FakeGateway):
        gateway.expire_access()
        gateway.fail_next("/me", UpstreamUnavailable("gateway", "timeout"))

        assert buyer.get("/orders").heading() == "Orders"

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
        page = page.submit("/sign-in", email="buyer@acme.example", password="tradepost-demo")
        assert page.heading() == "Hex bolt M8 x 40"
        assert "nothing was sent" in page.text


def _token(page) -> str:
    return next(field.get("value") for field in page.all("input") if field.get("name") == "csrf_token")
