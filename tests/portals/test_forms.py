"""Forms of other sites are refused, and so are stale ones."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import OWN_SITE, Visitor


@pytest.fixture
def token(buyer: Visitor, gateway: FakeGateway) -> str:
    """A CSRF token of the buyer's own session."""
    gateway.shop.add_product("BOLT-M8")
    page = buyer.get("/products/BOLT-M8")
    return next(field.get("value", "") for field in page.all("input") if field.get("name") == "csrf_token")


def add(visitor: Visitor, token: str | None, **headers: str):
    values = {"sku": "BOLT-M8", "quantity": "1"} | ({"csrf_token": token} if token else {})
    return visitor.client.post("/cart/items", data=values, headers=headers)


class TestForgedForms:
    def test_takes_its_own(self, buyer: Visitor, token: str, gateway: FakeGateway):
        assert add(buyer, token, **OWN_SITE).status_code == 302
        assert gateway.sent("POST", "/cart/items")

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_refuses_what_the_browser_says_comes_from_elsewhere(
        self, buyer: Visitor, token: str, gateway: FakeGateway, site: str
    ):
        response = add(buyer, token, **{"Sec-Fetch-Site": site})

        assert response.status_code == 400
        assert not gateway.sent("POST", "/cart/items")

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8082"])
    def test_refuses_a_foreign_origin_of_an_older_browser(
        self, buyer: Visitor, token: str, gateway: FakeGateway, origin: str
    ):
        assert add(buyer, token, Origin=origin).status_code == 400
        assert not gateway.sent("POST", "/cart/items")

    def test_takes_its_own_origin(self, buyer: Visitor, token: str):
        assert add(buyer, token, Origin="http://localhost").status_code == 302

    @pytest.mark.parametrize("forged", [None, "", "forged", "ImFiYyI.aaaa.bbbb"])
    def test_refuses_without_the_token_and_says_what_to_do(
        self, buyer: Visitor, token: str, gateway: FakeGateway, forged: str | None
    ):
        response = add(buyer, forged, **OWN_SITE)

        assert response.status_code == 400
        assert "Reload the page and send it again" in response.text
        assert not gateway.sent("POST", "/cart/items")

    def test_refuses_the_token_of_another_session(self, token: str, customer_app, gateway: FakeGateway):
        other = Visitor(customer_app)
        other.sign_in("buyer@acme.example")

        assert add(other, token, **OWN_SITE).status_code == 400

    def test_guards_the_sign_in_too(self, visitor: Visitor, gateway: FakeGateway):
        form = {"email": "buyer@acme.example", "password": "tradepost-demo"}

        assert visitor.client.post("/sign-in", data=form, headers=OWN_SITE).status_code == 400
        assert not gateway.sent("POST", "/auth/login")

    def test_every_form_that_changes_something_is_post_only(self, buyer: Visitor, customer_app, admin_app):
        for app in (customer_app, admin_app):
            for rule in app.url_map.iter_rules():
                if "POST" in (rule.methods or ()) and "GET" not in (rule.methods or ()):
                    assert rule.methods == {"POST", "OPTIONS"}
        assert buyer.get("/cart/items").status == 405
