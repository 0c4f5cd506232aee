"""Checkout when prices change between the review and the order: the buyer sees both totals and may accept."""

from __future__ import annotations

import pytest

from tests.portals.customer.checkout.test_checkout import go_to_card_page
from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.fake_shapes import gbp, price
from tests.portals.pages import Page, Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.add_product("NUT-M8", unit_price=price(10), price_breaks=[])
    gateway.shop.fill_cart(BOLT_M8=12, NUT_M8=5)
    return gateway.shop


@pytest.fixture
def changed(buyer: Visitor, shop) -> Page:
    """The page after the card page, while the bolts went from 2.10 to 9.99 each."""
    back = go_to_card_page(buyer, po_number="PO-5")
    shop.products["BOLT-M8"]["price_breaks"][0]["unit_price"] = price(999)
    return buyer.get(f"{back}?token=tok_ok")


class TestChangedTotal:
    def test_sends_the_total_that_the_review_showed(self, buyer: Visitor, shop, gateway: FakeGateway):
        buyer.get(f"{go_to_card_page(buyer)}?token=tok_ok")

        [call] = gateway.sent("POST", "/orders")
        assert call.body["expected_total"] == gbp(12 * 210 + 5 * 10)

    def test_shows_both_totals_and_the_lines_that_changed(self, changed: Page, shop):
        assert changed.status == 409
        assert changed.heading() == "The total of your order changed"
        assert changed.rows() == ["Hex bolt M8 x 40 BOLT-M8 £25.20 £119.88"]
        assert "Total you saw £25.70" in changed.text
        assert "Total now £120.38" in changed.text
        assert not shop.book.orders
        assert shop.carts["com_acme"] == {"BOLT-M8": 12, "NUT-M8": 5}

    def test_is_placed_with_the_same_card_once_the_buyer_accepts(self, changed: Page, shop, gateway: FakeGateway):
        page = changed.submit("/acceptance")

        assert page.heading() == "Order SO-000124"
        assert "PO number PO-5" in page.text
        first, second = gateway.sent("POST", "/orders")
        assert first.key == second.key
        assert first.body["payment"] == second.body["payment"]
        assert second.body["expected_total"] == gbp(12038)

    def test_accepting_twice_places_one_order(self, changed: Page, shop):
        pages = [changed.submit("/acceptance") for _ in range(2)]

        assert [page.heading() for page in pages] == ["Order SO-000124"] * 2
        assert len(shop.book.orders) == 1

    def test_a_second_change_is_shown_again(self, changed: Page, shop):
        shop.products["NUT-M8"]["unit_price"] = price(11)

        page = changed.submit("/acceptance")

        assert page.status == 409
        assert "Total now £120.43" in page.text
        assert page.submit("/acceptance").heading() == "Order SO-000124"

    def test_an_accepted_total_that_was_never_true_places_nothing(self, changed: Page, shop):
        page = changed.submit("/acceptance", total_amount="1")

        assert page.status == 409
        assert not shop.book.orders

    @pytest.mark.parametrize(
        "typed", [{"total_amount": "abc"}, {"total_amount": "1_0"}, {"total_amount": ""}, {"currency": ""}]
    )
    def test_a_total_that_is_none_leads_to_the_review(self, changed: Page, shop, typed):
        assert changed.submit("/acceptance", **typed).heading() == "Check out"
        assert not shop.book.orders

    def test_an_attempt_of_nobody_leads_to_the_review(self, buyer: Visitor, changed: Page):
        values = {field.get("name"): field.get("value") for field in changed.form("/acceptance").iter("input")}
        response = buyer.send("/checkout/made-up-by-an-attacker/acceptance", values)

        assert (response.status_code, response.headers["Location"]) == (302, "/checkout")

    def test_an_order_that_became_free_is_placed_without_the_card(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        for product in shop.products.values():
            product.update(unit_price=price(0), price_breaks=[])

        page = buyer.get(f"{back}?token=tok_ok").submit("/acceptance")

        assert page.heading() == "Order SO-000124"
        assert "payment" not in gateway.sent("POST", "/orders")[-1].body

    def test_an_order_that_is_no_longer_free_is_to_be_paid(self, buyer: Visitor, shop, gateway: FakeGateway):
        for product in shop.products.values():
            product.update(unit_price=price(0), price_breaks=[])
        page = buyer.get("/checkout")
        gateway.fail_next(
            "/orders",
            refused(409, "total-changed", expected_total=gbp(0), total=gbp(500)),
        )

        page = page.submit("/checkout")

        assert page.status == 409
        assert "/checkout" in page.links()
        assert "Place the order" not in page.text

    def test_an_attempt_that_an_older_version_stored_is_placed(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        with buyer.client.session_transaction() as session:
            for attempt in session["checkouts"].values():
                del attempt["total_amount"], attempt["currency"]
            session.modified = True

        assert buyer.get(f"{back}?token=tok_ok").heading() == "Order SO-000124"
        assert "expected_total" not in gateway.sent("POST", "/orders")[0].body
