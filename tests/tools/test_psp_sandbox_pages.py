"""The hosted card page: test cards in, a single-use token out, nothing kept."""

from __future__ import annotations

import re
from typing import Any

import html5lib
import pytest

from tests.factories.psp_sandbox import Sandbox

GOOD_CARD = {"number": "4242 4242 4242 4242", "expiry": "12/39", "cvc": "123"}


@pytest.fixture
def browser(sandbox: Sandbox) -> Any:
    return sandbox.app.test_client()


@pytest.fixture
def page_url(sandbox: Sandbox) -> str:
    body = {"return_url": "http://127.0.0.1:8081/checkout/return?cart=7"}
    return sandbox.call("POST", "/sessions", body, key="session-1")[1]["url"]


def token_of(location: str) -> str:
    return location.rpartition("token=")[2]


class TestCardPage:
    def test_is_valid_html_without_anything_inline(self, browser, page_url):
        response = browser.get(page_url)
        html5lib.HTMLParser(strict=True).parse(response.text)

        assert response.text.count("<h1>") == 1
        assert "style=" not in response.text
        assert "<script" not in response.text
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        with browser.get("/psp-sandbox/static/sandbox.css") as stylesheet:
            assert stylesheet.status_code == 200

    def test_lets_the_form_lead_back_to_the_merchant_only(self, browser, page_url):
        policy = browser.get(page_url).headers["Content-Security-Policy"]

        assert "form-action 'self' http://127.0.0.1:8081;" in policy

    def test_returns_with_a_token_to_the_url_of_the_session(self, browser, page_url):
        response = browser.post(page_url + "?return_url=http://evil.example", data=GOOD_CARD)

        assert response.status_code == 303
        assert response.headers["Location"].startswith("http://127.0.0.1:8081/checkout/return?cart=7&token=tok_")

    @pytest.mark.parametrize(
        ("number", "status", "decline_code"),
        [
            ("4242424242424242", "authorized", None),
            ("4000000000000002", "declined", "card_declined"),
            ("4000-0000-0000-9995", "declined", "insufficient_funds"),
            ("4000000000000119", "declined", "processing_error"),
            ("4000000000000069", "declined", "expired_card"),
            ("4000000000000127", "declined", "incorrect_cvc"),
            ("4000000000009979", "declined", "stolen_card"),
        ],
    )
    def test_makes_a_token_that_pays_as_the_card_says(self, sandbox, browser, page_url, number, status, decline_code):
        token = token_of(browser.post(page_url, data=GOOD_CARD | {"number": number}).headers["Location"])
        body = {"token": token, "amount": 5, "currency": "GBP", "reference": "ord_1"}

        charge = sandbox.call("POST", "/charges", body, key="c1")[1]

        assert (charge["status"], charge["decline_code"]) == (status, decline_code)

    def test_makes_a_token_that_pays_once(self, sandbox, browser, page_url):
        token = token_of(browser.post(page_url, data=GOOD_CARD).headers["Location"])
        body = {"token": token, "amount": 5, "currency": "GBP", "reference": "ord_1"}
        sandbox.call("POST", "/charges", body, key="c1")

        status, answer = sandbox.call("POST", "/charges", body, key="c2")

        assert (status, answer["error"]["code"]) == (409, "token_used")

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("number", "", "Enter the card number."),
            ("number", "4242424242424241", "This is not a valid card number."),
            ("number", "5555555555554444", "Only the test cards"),
            ("expiry", "12/19", "Enter a date in the future"),
            ("expiry", "13/39", "Enter a date in the future"),
            ("cvc", "12", "Enter the three or four digits"),
        ],
    )
    def test_says_what_is_wrong_without_repeating_the_number(self, browser, page_url, field, value, message):
        response = browser.post(page_url, data=GOOD_CARD | {field: value})
        html5lib.HTMLParser(strict=True).parse(response.text)

        assert response.status_code == 422
        assert message in response.text
        assert 'aria-invalid="true"' in response.text
        assert "<input" in response.text
        assert all("value=" not in field for field in re.findall(r"<input[^>]*>", response.text))

    def test_pays_with_a_test_card_by_its_button(self, sandbox, browser, page_url):
        assert 'name="test_card" value="4000000000009995"' in browser.get(page_url).text
        token = token_of(browser.post(page_url, data={"test_card": "4000000000009995"}).headers["Location"])
        body = {"token": token, "amount": 5, "currency": "GBP", "reference": "ord_1"}

        assert sandbox.call("POST", "/charges", body, key="c1")[1]["decline_code"] == "insufficient_funds"

    def test_works_once(self, browser, page_url):
        browser.post(page_url, data=GOOD_CARD)

        assert browser.get(page_url).status_code == 410
        assert 'href="http://127.0.0.1:8081/checkout/return?cart=7"' in browser.get(page_url).text
        assert browser.post(page_url, data=GOOD_CARD).status_code == 410

    def test_is_gone_for_a_session_that_never_was(self, browser):
        assert browser.get("/psp-sandbox/pay/cs_none").status_code == 410


class TestSessions:
    @pytest.mark.parametrize(
        "url", ["", "javascript:alert(1)", "/relative", "http://a@b.example/", 7, "http://x\n.example"]
    )
    def test_refuse_a_return_url_that_is_not_absolute_http(self, sandbox, url):
        assert sandbox.call("POST", "/sessions", {"return_url": url}, key="s")[0] == 400


class TestFrontPage:
    def test_shows_the_books_and_the_test_cards(self, sandbox, browser):
        empty = browser.get("/psp-sandbox/")
        sandbox.call(
            "POST", "/charges", {"token": "tok_ok", "amount": 5, "currency": "GBP", "reference": "o1"}, key="k"
        )
        filled = browser.get("/psp-sandbox")
        html5lib.HTMLParser(strict=True).parse(filled.text)

        assert "There are no charges yet." in empty.text
        assert "5 GBP" in filled.text
        assert "4242 4242 4242 4242" in filled.text
