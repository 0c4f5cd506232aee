"""Security headers of pages, assets and redirects."""

from __future__ import annotations

import re

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


def policy_of(response) -> dict[str, list[str]]:
    parts = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (part.split() for part in parts)}


class TestHeaders:
    def test_policy_allows_our_own_assets_and_nothing_else(self, buyer: Visitor):
        policy = policy_of(buyer.get("/").response)

        assert policy["default-src"] == ["'none'"]
        assert re.fullmatch(r"'nonce-[\w-]{20,}'", " ".join(policy["script-src"]))
        assert policy["style-src"] == ["'self'"]
        assert policy["form-action"] == ["'self'"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert policy["base-uri"] == ["'none'"]
        assert policy["require-trusted-types-for"] == ["'script'"]
        assert policy["trusted-types"] == ["'none'"]

    def test_nonce_is_new_for_every_answer(self, buyer: Visitor):
        first, second = (policy_of(buyer.get("/").response)["script-src"] for _ in range(2))

        assert first != second

    def test_only_the_checkout_may_lead_to_the_card_page(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")
        gateway.shop.fill_cart(BOLT_M8=1)

        assert policy_of(buyer.get("/checkout").response)["form-action"] == ["'self'", "http://cards.example"]
        assert policy_of(buyer.get("/cart").response)["form-action"] == ["'self'"]

    def test_pages_are_kept_nowhere(self, buyer: Visitor):
        headers = buyer.get("/orders").response.headers

        assert headers["Cache-Control"] == "no-store"
        assert headers["Vary"] == "Cookie, Accept-Encoding"

    def test_assets_are_kept_for_ever_under_their_digest(self, buyer: Visitor):
        sheets = [link.get("href", "") for link in buyer.get("/").all("link") if link.get("rel") == "stylesheet"]
        assert len(sheets) == 3

        for sheet in sheets:
            with buyer.client.get(sheet) as response:
                assert response.status_code == 200
                assert "immutable" in response.headers["Cache-Control"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_nothing_is_fetched_from_elsewhere(self, buyer: Visitor, staff: Visitor):
        for page in (buyer.get("/"), staff.get("/admin/")):
            sources = [element.get("src") or element.get("href") or "" for element in page.tree.iter()]
            assert [source for source in sources if source.startswith(("http:", "https:", "//"))] == []

    def test_asks_for_https_where_it_is_served_by_it(self, visitor: Visitor):
        plain = visitor.get("/sign-in").response
        forwarded = visitor.get("/sign-in", headers={"X-Forwarded-Proto": "https"}).response

        assert "Strict-Transport-Security" not in plain.headers
        assert "max-age=31536000" in forwarded.headers["Strict-Transport-Security"]

    def test_an_error_has_them_too(self, buyer: Visitor):
        page = buyer.get("/no-such-page")

        assert page.status == 404
        assert page.response.headers["X-Frame-Options"] == "DENY"
