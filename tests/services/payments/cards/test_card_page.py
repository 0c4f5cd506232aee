"""The hosted card page, which returns to our own portals only."""

from __future__ import annotations

import pytest


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
