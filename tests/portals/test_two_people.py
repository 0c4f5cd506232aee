"""Two people who change the same thing: the second is told what the first stored, and can save again."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Page, Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.fill_cart(BOLT_M8=12)
    return gateway.shop


@pytest.fixture
def second(staff: Visitor) -> Visitor:
    """A colleague at a browser of their own."""
    colleague = Visitor(staff.app, "/admin")
    colleague.arrive_signed_in("admin@tradepost.example")
    return colleague


def fault_at(page: Page, name: str) -> str:
    (fault,) = [each for each in page.tree.iter() if each.get("id") == f"field-{name}-error"]
    return " ".join("".join(fault.itertext()).split())


class TestProduct:
    PATH = "/admin/products/BOLT-M8"

    def test_shows_what_the_other_stored_keeps_the_input_and_saves_again(self, staff: Visitor, second: Visitor, shop):
        mine, theirs = staff.get(self.PATH), second.get(self.PATH)
        assert "Saved" in theirs.submit("/BOLT-M8", name="Bolt, theirs", unit_price="9.99").text

        page = mine.submit("/BOLT-M8", name="Bolt, mine", category="Mine")

        assert page.status == 422
        assert "changed by someone else since you opened it" in page.text
        assert fault_at(page, "name") == "Error: Name stored now: Bolt, theirs"
        assert fault_at(page, "unit_price") == "Error: Unit price stored now: £9.99"
        assert shop.products["BOLT-M8"]["name"] == "Bolt, theirs"

        assert "Saved" in page.submit("/BOLT-M8", unit_price="9.99").text
        stored = shop.products["BOLT-M8"]
        assert (stored["name"], stored["category"]) == ("Bolt, mine", "Mine")
        assert stored["unit_price"]["amount"] == "999"

    def test_mending_another_fault_replaces_nothing_unseen(self, staff: Visitor, second: Visitor, shop):
        mine, theirs = staff.get(self.PATH), second.get(self.PATH)
        theirs.submit("/BOLT-M8", name="Bolt, theirs")

        page = mine.submit("/BOLT-M8", name="Bolt, mine", unit_price="cheap")
        page = page.submit("/BOLT-M8", unit_price="9.99")

        assert fault_at(page, "name") == "Error: Name stored now: Bolt, theirs"
        assert shop.products["BOLT-M8"]["name"] == "Bolt, theirs"

    def test_mending_a_count_replaces_nothing_unseen(self, staff: Visitor, second: Visitor, shop):
        mine, theirs = staff.get(self.PATH), second.get(self.PATH)
        theirs.submit("/BOLT-M8", on_hand="7")

        page = mine.submit("/BOLT-M8", on_hand="many").submit("/BOLT-M8", on_hand="40")

        assert fault_at(page, "on_hand") == "Error: On hand stored now: 7"
        assert shop.products["BOLT-M8"]["available"] == 7

    def test_is_not_stale_because_an_order_reserved_some(self, staff: Visitor, shop):
        page = staff.get(self.PATH)
        shop.products["BOLT-M8"]["available"] -= 1

        assert "Saved" in page.submit("/BOLT-M8", name="New name").text

    def test_a_count_is_not_replaced_unseen(self, staff: Visitor, second: Visitor, shop):
        mine, theirs = staff.get(self.PATH), second.get(self.PATH)
        theirs.submit("/BOLT-M8", on_hand="7")

        page = mine.submit("/BOLT-M8", on_hand="40")

        assert fault_at(page, "on_hand") == "Error: On hand stored now: 7"
        assert shop.products["BOLT-M8"]["available"] == 7
        assert "40 units on hand; before: 7." in page.submit("/BOLT-M8", on_hand="40").text

    def test_a_tag_that_is_none_is_left_out(self, staff: Visitor, shop):
        assert "Saved" in staff.get(self.PATH).submit("/BOLT-M8", name="New", tag='"a"\r\nX-Evil: 1').text


class TestCurrencies:
    def test_a_list_is_not_replaced_unseen(self, staff: Visitor, second: Visitor, shop):
        mine, theirs = staff.get("/admin/currencies"), second.get("/admin/currencies")
        theirs.submit("/currencies", codes="GBP EUR")

        page = mine.submit("/currencies", codes="GBP USD")

        assert fault_at(page, "codes") == "Error: Codes stored now: EUR GBP"
        assert shop.sold_in == ["EUR", "GBP"]
        assert "Saved" in page.submit("/currencies", codes="GBP USD EUR").text

    def test_mending_another_fault_replaces_nothing_unseen(self, staff: Visitor, second: Visitor, shop):
        mine, theirs = staff.get("/admin/currencies"), second.get("/admin/currencies")
        theirs.submit("/currencies", codes="GBP EUR")

        page = mine.submit("/currencies", codes="GBP ABC").submit("/currencies", codes="GBP USD")

        assert fault_at(page, "codes") == "Error: Codes stored now: EUR GBP"
        assert shop.sold_in == ["EUR", "GBP"]


class TestCart:
    def test_is_not_replaced_unseen(self, buyer: Visitor, shop):
        first, second = buyer.get("/cart"), buyer.get("/cart")
        second.submit("/cart", **{"quantity-BOLT-M8": "48"})

        page = first.submit("/cart", **{"quantity-BOLT-M8": "24"})

        assert page.status == 409
        assert "Your cart was changed since you opened this page" in page.text
        assert "48 in the cart now." in page.rows()[0]
        assert shop.carts["com_acme"] == {"BOLT-M8": 48}

        page.submit("/cart", **{"quantity-BOLT-M8": "24"})
        assert shop.carts["com_acme"] == {"BOLT-M8": 24}

    def test_shows_a_line_that_was_added_and_none_that_was_removed(self, buyer: Visitor, shop):
        shop.add_product("WASHER")
        page = buyer.get("/cart")
        shop.carts["com_acme"] = {"WASHER": 7}

        page = page.submit("/cart", **{"quantity-BOLT-M8": "24"})

        assert [row.startswith("Hex bolt M8 x 40 WASHER") for row in page.rows()] == [True]
        assert shop.carts["com_acme"] == {"WASHER": 7}

    def test_quick_order_adds_to_what_another_window_put_there(self, buyer: Visitor, shop, gateway: FakeGateway):
        shop.add_product("WASHER")
        page = buyer.get("/cart")
        buyer.get("/cart").submit("/cart", **{"quantity-BOLT-M8": "48"})

        page.submit("/quick-order", lines="WASHER 3")

        assert shop.carts["com_acme"] == {"BOLT-M8": 48, "WASHER": 3}
