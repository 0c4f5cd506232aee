"""More than is in stock: said at once, wherever units are added, with what is available and a way to take it."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8", available=100)
    gateway.shop.add_product("NUT-M8", available=0)
    return gateway.shop


class TestAdding:
    @pytest.mark.parametrize("path", ["/products/BOLT-M8", "/catalog", "/catalog?q=bolt"])
    def test_says_how_many_there_are_where_they_were_added(self, buyer: Visitor, shop, path: str):
        page = buyer.get(path)
        page = page.submit("/cart/items", sku="BOLT-M8", quantity="150")

        assert page.response.request.full_path.rstrip("?") == path
        assert "BOLT-M8: Only 100 available. Your cart has 150." in page.text
        assert "added to your cart" not in page.text

    def test_takes_what_is_there_at_a_click(self, buyer: Visitor, shop):
        shop.fill_cart(NUT_M8=3)
        page = buyer.get("/products/BOLT-M8").submit("/cart/items", quantity="150")
        page = page.submit("/cart/within-stock")

        assert page.heading() == "Hex bolt M8 x 40"
        assert "Your cart has 100 units of BOLT-M8 now." in page.text
        assert shop.carts["com_acme"] == {"NUT-M8": 3, "BOLT-M8": 100}

    def test_counts_what_the_cart_has_already(self, buyer: Visitor, shop):
        shop.fill_cart(BOLT_M8=90)

        page = buyer.get("/products/BOLT-M8").submit("/cart/items", quantity="20")

        assert "BOLT-M8: Only 100 available. Your cart has 110." in page.text

    def test_takes_out_what_is_sold_out(self, buyer: Visitor, shop):
        page = buyer.get("/products/NUT-M8").submit("/cart/items", quantity="2")

        assert "NUT-M8: Out of stock. Your cart has 2." in page.text
        assert "NUT-M8 is out of your cart" in page.submit("/cart/within-stock").text
        assert shop.carts["com_acme"] == {}

    def test_a_product_that_was_withdrawn_while_it_was_looked_at_leads_on(self, buyer: Visitor, shop):
        page = buyer.get("/products/BOLT-M8")
        shop.products["BOLT-M8"]["is_active"] = False

        page = page.submit("/cart/items")

        assert "BOLT-M8: No longer sold. Your cart has 1." in page.text
        page.submit("/cart/within-stock")
        assert shop.carts["com_acme"] == {}

    def test_a_quick_order_says_it_on_the_cart(self, buyer: Visitor, shop):
        page = buyer.get("/").submit("/cart/quick-order", lines="BOLT-M8 150")

        assert page.heading() == "Cart"
        assert "Only 100 available" in page.rows()[0]
        assert "Take 100" in page.rows()[0]

    def test_ordering_again_says_it_on_the_cart(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 150))

        page = buyer.get(f"/orders/{order['id']}").submit("/reorder")

        assert "Take 100" in page.rows()[0]

    def test_new_quantities_say_it_on_the_cart(self, buyer: Visitor, shop):
        shop.fill_cart(BOLT_M8=1, NUT_M8=1)

        page = buyer.get("/cart").submit("/cart", **{"quantity-BOLT-M8": "101"})

        assert "Take 100 of BOLT-M8" in page.rows()[0]
        assert "Out of stock" in page.rows()[1]
        assert "Take" not in page.rows()[1]

    def test_the_button_of_a_line_lowers_only_that_line(self, buyer: Visitor, shop):
        shop.fill_cart(BOLT_M8=101, NUT_M8=1)
        page = buyer.get("/cart")
        (button,) = [each for each in page.all("button") if each.get("name") == "sku"]
        token = next(each.get("value") for each in page.all("input") if each.get("name") == "csrf_token")

        buyer.post(button.get("formaction", ""), {"csrf_token": token, "sku": button.get("value")})

        assert shop.carts["com_acme"] == {"BOLT-M8": 100, "NUT-M8": 1}
