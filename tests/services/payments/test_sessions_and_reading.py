"""The hosted card page, lists of payments, and settings."""

from __future__ import annotations

import pytest

from services.payments.config import PaymentsSettings
from shared.base.errors import SettingsInvalid


class TestCardPage:
    def test_opens_and_its_token_pays(self, buyer, sandbox, orders_side):
        response = buyer.post("/v1/payments/sessions", json={"return_url": "http://127.0.0.1:8081/checkout/return"})
        form = {"number": "4242 4242 4242 4242", "expiry": "12/39", "cvc": "123"}
        returned = sandbox.app.test_client().post(response.json["url"], data=form)
        token = returned.headers["Location"].rpartition("token=")[2]

        assert response.status_code == 201
        assert returned.headers["Location"].startswith("http://127.0.0.1:8081/checkout/return?token=tok_")
        assert orders_side.authorize(token=token).json["status"] == "authorized"

    @pytest.mark.parametrize(
        "url",
        [
            "http://evil.example/",
            "http://127.0.0.1:8081.evil.example/",
            "http://127.0.0.1:8081@evil.example/",
            "http://127.0.0.1:80810/",
            "https://127.0.0.1:8081/",
            "http://127.0.0.1:8081\\@evil.example/",
            "http://127.0.0.1:notaport/",
            "//127.0.0.1:8081/",
            "http://127.0.0.1:8081/a\nb",
            "http://127.0.0.1:8081/a\tb",
        ],
    )
    def test_returns_to_our_own_portals_only(self, buyer, url):
        response = buyer.post("/v1/payments/sessions", json={"return_url": url})

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/return_url"

    def test_says_503_while_the_processor_is_down(self, buyer, sandbox):
        sandbox.stop()

        response = buyer.post("/v1/payments/sessions", json={"return_url": "http://127.0.0.1:8081/"})

        assert response.status_code == 503
        assert "Retry-After" in response.headers

    def test_is_for_buyers(self, admin):
        assert admin.post("/v1/payments/sessions", json={"return_url": "http://127.0.0.1:8081/"}).status_code == 403


class TestList:
    def test_finds_the_payment_of_an_order(self, orders_side, buyer):
        orders_side.authorized("ord_1")
        wanted = orders_side.authorized("ord_2")

        items = buyer.get("/v1/payments?order_id=ord_2").json["items"]

        assert [each["id"] for each in items] == [wanted]

    def test_pages_newest_first(self, orders_side, admin):
        ids = [orders_side.authorized(f"ord_{number}") for number in range(3)]

        first = admin.get("/v1/payments?limit=2").json
        second = admin.get(f"/v1/payments?limit=2&cursor={first['next_cursor']}").json

        assert [each["id"] for each in first["items"] + second["items"]] == sorted(ids, reverse=True)
        assert second["next_cursor"] is None

    def test_never_shows_the_token(self, orders_side, sandbox, buyer):
        sandbox.arm("charge", "error_before", times=2)
        orders_side.authorize()

        assert "tok_ok" not in buyer.get("/v1/payments").text

    def test_takes_operators_for_text(self, orders_side, buyer):
        orders_side.authorized()

        assert buyer.get('/v1/payments?order_id={"$ne":"x"}').json["items"] == []


def test_refuses_an_unknown_processor_by_name(settings_of):
    with pytest.raises(SettingsInvalid, match="PSP_BACKEND is 'paypal'"):
        PaymentsSettings.from_env({"PSP_BACKEND": "paypal"})


def test_refuses_settings_that_are_missing_all_at_once():
    with pytest.raises(SettingsInvalid, match=r"(?s)MONGODB_URI.*PUBLIC_CUSTOMER_URL.*PUBLIC_GATEWAY_URL"):
        PaymentsSettings.from_env({})
