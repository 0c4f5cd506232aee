"""The cart: quantities, removing with a way back, quick order, lines out of stock."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.add_product("NUT-M8", name="Hex nut M8", available=5)
    gateway.shop.fill_cart(BOLT_M8=12, NUT_M8=2)
    return gateway.shop


class TestCart:
    def test_invites_when_it_is_empty(self, buyer: Visitor):
        page = buyer.get("/cart")

        assert "Your cart is empty" in page.text
        assert "/catalog" in page.links()

    def test_shows_break_prices_and_the_total(self, buyer: Visitor, shop):
        page = buyer.get("/cart")

        assert page.rows()[0] == "Hex bolt M8 x 40 BOLT-M8 £2.10 £25.20 Remove BOLT-M8"
        assert "Total £30.30" in page.text

    def test_changes_quantities(self, buyer: Visitor, shop):
        page = buyer.get("/cart").submit("/cart", **{"quantity-BOLT-M8": "48", "quantity-NUT-M8": "1"})

        assert shop.carts["com_acme"] == {"BOLT-M8": 48, "NUT-M8": 1}
        assert "Your cart is up to date" in page.text

    def test_removes_a_line_and_puts_it_back(self, buyer: Visitor, shop):
        page = buyer.get("/cart").submit("/cart", remove="BOLT-M8")
        assert shop.carts["com_acme"] == {"NUT-M8": 2}

        page.submit("/cart/items")

        assert shop.carts["com_acme"] == {"NUT-M8": 2, "BOLT-M8": 12}

    def test_zero_removes_a_line(self, buyer: Visitor, shop):
        buyer.get("/cart").submit("/cart", **{"quantity-BOLT-M8": "0"})

        assert shop.carts["com_acme"] == {"NUT-M8": 2}

    @pytest.mark.parametrize("typed", ["lots", "1,5", "1.5", "1 2", "1e3", "1_0", "+5", "-0", "\uff15"])
    def test_keeps_the_old_quantity_where_the_new_is_unreadable(self, buyer: Visitor, shop, typed: str):
        page = buyer.get("/cart").submit("/cart", **{"quantity-BOLT-M8": typed, "quantity-NUT-M8": "3"})

        assert shop.carts["com_acme"] == {"BOLT-M8": 12, "NUT-M8": 3}
        assert "There is a problem BOLT-M8: Enter a whole number from 1 to 1,000,000." in page.text
        (field,) = [each for each in page.all("input") if each.get("name") == "quantity-BOLT-M8"]
        assert (field.get("value"), field.get("aria-invalid")) == (typed, "true")
        assert "Enter a whole number from 1 to 1,000,000." in page.rows()[0]

    def test_keeps_a_line_that_another_tab_added_meanwhile(self, buyer: Visitor, shop):
        page = buyer.get("/cart")
        shop.add_product("WASHER")
        shop.carts["com_acme"]["WASHER"] = 7

        page.submit("/cart", **{"quantity-NUT-M8": "1"})

        assert shop.carts["com_acme"]["WASHER"] == 7

    def test_says_when_a_price_is_in_another_currency_and_locks_the_checkout(self, buyer: Visitor, shop):
        shop.add_product("EURO", name="Euro bolt", unit_price={"amount": "100", "currency": "EUR"}, price_breaks=[])

        page = buyer.get("/products/EURO").submit("/cart/items", quantity="1")
        assert "EURO: Its price is in EUR, the first line's in GBP." in page.text

        page = buyer.get("/cart")
        assert "The cart holds prices in GBP and EUR." in page.text
        assert "Its price is in EUR" in next(row for row in page.rows() if "EURO" in row)
        assert [button.get("disabled") is not None for button in page.all("button") if button.get("name") == "go"] == [
            True
        ]
        assert "Lower to what is in stock" not in page.text

        page = page.submit("/cart", remove="EURO")
        assert "The cart holds prices" not in buyer.get("/cart").text

    def test_goes_to_the_checkout_with_the_quantities_as_typed(self, buyer: Visitor, shop):
        page = buyer.get("/cart").submit("/cart", go="checkout", **{"quantity-BOLT-M8": "20"})

        assert page.heading() == "Check out"
        assert shop.carts["com_acme"]["BOLT-M8"] == 20

    def test_warns_of_what_cannot_be_delivered_and_lowers_it(self, buyer: Visitor, shop):
        shop.carts["com_acme"]["NUT-M8"] = 9
        page = buyer.get("/cart")
        assert "Only 5 available" in page.text

        page = page.submit("/cart/within-stock")

        assert shop.carts["com_acme"] == {"BOLT-M8": 12, "NUT-M8": 5}
        assert "Only" not in page.text

    def test_counts_its_lines_in_the_masthead(self, buyer: Visitor, shop):
        buyer.get("/cart")

        assert "Cart 2 lines" in buyer.get("/account").text


class TestAddingAProduct:
    @pytest.mark.parametrize("page", ["/products/BOLT-M8", "/catalog"])
    @pytest.mark.parametrize("typed", ["1,5", "0", "1000001"])
    def test_keeps_a_faulty_quantity_at_its_field(self, buyer: Visitor, shop, page: str, typed: str):
        after = buyer.get(page).submit("/cart/items", quantity=typed)

        assert shop.carts["com_acme"] == {"BOLT-M8": 12, "NUT-M8": 2}
        (field,) = [each for each in after.all("input") if each.get("aria-invalid")]
        assert (field.get("name"), field.get("value")) == ("quantity", typed)
        (error,) = [each for each in after.all("span") if each.get("id") == field.get("aria-describedby")]
        assert "".join(error.itertext()) == "Error: Enter a whole number from 1 to 1,000,000."
        assert "There is a problem BOLT-M8: Enter a whole number" in after.text


class TestQuickOrder:
    def test_adds_typed_rows(self, buyer: Visitor, shop):
        page = buyer.get("/")
        values = {"csrf_token": page.form("/cart/quick-order").findall("input")[0].get("value", "")}

        buyer.post("/cart/quick-order", values | {"sku": ["nut-m8", ""], "quantity": ["3", ""], "lines": ""})

        assert shop.carts["com_acme"]["NUT-M8"] == 5

    def test_adds_pasted_lines_and_names_those_it_cannot(self, buyer: Visitor, shop):
        pasted = "bolt-m8\t10\nNUT-M8, 1\nUNKNOWN 4\nNUT-M8 x\n\n"

        page = buyer.get("/cart").submit("/cart/quick-order", lines=pasted)

        assert shop.carts["com_acme"] == {"BOLT-M8": 22, "NUT-M8": 3}
        assert "2 lines added" in page.text
        assert "UNKNOWN: There is no product UNKNOWN." in page.text
        assert "NUT-M8 X: There is no product NUT-M8 X." in page.text

    def test_keeps_faulty_lines_to_be_corrected_and_names_them_in_their_order(self, buyer: Visitor, shop):
        token = buyer.get("/cart").form("/cart/quick-order").findall("input")[0].get("value", "")
        rows = {"sku": ["nope", "NUT-M8", "BOLT-M8"], "quantity": ["2", "1,5", "1"]}

        page = buyer.post("/cart/quick-order", {"csrf_token": token, "lines": "GONE;3\nBOLT-M8\t2,5\nNUT-M8 1", **rows})

        assert shop.carts["com_acme"] == {"BOLT-M8": 13, "NUT-M8": 3}
        boxes = [(each.get("name"), each.get("value")) for each in page.all("input") if each.get("aria-invalid")]
        assert boxes == [("sku", "nope"), ("quantity", "1,5")]
        assert page.all("textarea")[0].text == "GONE;3\nBOLT-M8\t2,5"
        (summary,) = [each for each in page.all("div") if each.get("id") == "error-summary"]
        told = ["".join(each.itertext()) for each in summary.iter("li")]
        assert [each.partition(":")[0] for each in told] == ["nope", "NUT-M8", "GONE"]
        assert "BOLT-M8\t2,5: The quantity is not" in told[2]
        assert all(each.endswith(".") for each in told)
        assert not [each for each in buyer.get("/cart").all("input") if each.get("aria-invalid")]

    def test_adds_hundreds_of_lines_in_one_write_and_says_where_it_stopped(self, buyer: Visitor, gateway, shop):
        for number in range(501):
            shop.add_product(f"PIN-{number}")
        form = buyer.get("/cart")
        gateway.calls.clear()

        page = form.submit("/cart/quick-order", lines="\n".join(f"PIN-{number} 2" for number in range(501)))

        assert "500 lines added" in page.text
        assert "Only the first 500 lines were read" in page.text
        assert page.all("textarea")[0].text == "PIN-500 2"
        assert shop.carts["com_acme"]["PIN-499"] == 2
        assert [call.method for call in gateway.calls if call.path.startswith("/cart")] == ["GET", "PUT", "GET"]

    def test_leaves_a_line_as_it_was_when_the_cart_takes_no_more_of_it(self, buyer: Visitor, shop):
        page = buyer.get("/cart").submit("/cart/quick-order", lines="BOLT-M8 1000000\nNUT-M8 1")

        assert shop.carts["com_acme"] == {"BOLT-M8": 12, "NUT-M8": 3}
        assert "BOLT-M8: At most 1,000,000 of one product." in page.text

    def test_asks_for_something_when_nothing_was_typed(self, buyer: Visitor, shop):
        assert "Enter at least one SKU" in buyer.get("/cart").submit("/cart/quick-order").text
