"""The browser's device token: kept in a cookie of its own, and sent with the next sign-in."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


class TestDeviceCookie:
    @pytest.mark.parametrize(
        ("portal", "base", "email"),
        [("customer", "", "buyer@acme.example"), ("admin", "/admin", "admin@tradepost.example")],
    )
    def test_is_sent_with_the_next_sign_in_and_survives_a_sign_out(
        self, portal: str, base: str, email: str, customer_app: Flask, admin_app: Flask, gateway: FakeGateway
    ):
        visitor = Visitor({"customer": customer_app, "admin": admin_app}[portal], base)
        visitor.sign_in(email).submit("/sign-out")
        visitor.sign_in(email)

        first, second = gateway.sent("POST", "/auth/login")
        assert (first.body["device_token"], first.body["remember_device"]) == ("", True)
        assert second.body["device_token"] == "dev_new"
        cookie = visitor.client.get_cookie(f"__Host-{portal}-device")
        assert cookie is not None
        assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.path) == (True, True, "Strict", "/")
        assert cookie.max_age == 90 * 24 * 3600

    def test_is_not_given_to_who_may_not_come_in(self, visitor: Visitor):
        visitor.sign_in("buyer@acme.example", "wrong")
        visitor.sign_in("admin@tradepost.example")

        assert visitor.cookie("__Host-customer-device") is None

    def test_a_long_one_is_cut(self, visitor: Visitor, gateway: FakeGateway):
        visitor.client.set_cookie("__Host-customer-device", "x" * 2000, path="/")
        visitor.sign_in("buyer@acme.example")

        assert len(gateway.sent("POST", "/auth/login")[0].body["device_token"]) == 64
