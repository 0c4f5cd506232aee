"""The currencies at the admin portal."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    return gateway.shop


class TestCurrencies:
    def test_are_shown_and_set(self, staff: Visitor, shop):
        page = staff.get("/admin/currencies")
        assert "The list follows your products so far" in page.text

        page = page.submit("/currencies", codes="gbp, EUR\nCLP")

        assert shop.sold_in == ["CLP", "EUR", "GBP"]
        assert "Prices may be in CLP, EUR, GBP" in page.text

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("GBP ABC", "ABC: give ISO 4217 codes"),
            (" ", "Enter at least one currency"),
            ("EUR", "GBP is the currency of products on sale, such as SKU BOLT-M8"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, staff: Visitor, shop, typed: str, words: str):
        page = staff.get("/admin/currencies").submit("/currencies", codes=typed)

        assert page.status == 422
        assert words in page.text
        assert f'value="{typed}"' in page.source
        assert shop.sold_in == []

    def test_are_those_that_a_new_product_may_have(self, staff: Visitor, shop):
        shop.sold_in = ["CLP", "GBP"]

        page = staff.get("/admin/products/new")

        assert [option.text for option in page.all("option")] == ["CLP", "GBP"]
