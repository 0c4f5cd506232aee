"""Checkout: one attempt places at most one order, and every refusal leads on."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.fake_shapes import price
from tests.portals.pages import Page, Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.fill_cart(BOLT_M8=12)
    return gateway.shop


def go_to_card_page(buyer: Visitor, **typed: str) -> str:
    """Send the review form; return the path the card page will come back to."""
    page = buyer.get("/checkout")
    form = {field.get("name"): field.get("value") for field in page.form("/checkout").iter("input")}
    response = buyer.send("/checkout", form | typed)
    assert response.status_code == 303
    target = urlsplit(response.headers["Location"])
    assert target.netloc == "127.0.0.1:8084"
    return_url = parse_qs(target.query)["return_url"][0]
    assert return_url.startswith("http://portal.example/checkout/")
    return urlsplit(return_url).path


def pay(buyer: Visitor, token: str = "tok_ok", **typed: str) -> Page:
    return buyer.get(f"{go_to_card_page(buyer, **typed)}?token={token}")


class TestCheckout:
    def test_places_the_order_and_shows_it(self, buyer: Visitor, shop):
        page = pay(buyer, po_number="PO-77")

        assert page.heading() == "Order SO-000124"
        assert "PO number PO-77" in page.text
        assert "a confirmation is on its way" in page.text
        assert shop.products["BOLT-M8"]["available"] == 88
        assert "Cart 1 lines" not in page.text

    def test_a_reload_and_a_second_click_place_one_order(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)

        pages = [buyer.get(f"{back}?token=tok_ok") for _ in range(3)]

        assert [page.heading() for page in pages] == ["Order SO-000124"] * 3
        assert len(shop.book.orders) == 1
        assert len({call.key for call in gateway.sent("POST", "/orders")}) == 1

    def test_every_attempt_has_a_key_of_its_own(self, buyer: Visitor, shop, gateway: FakeGateway):
        pay(buyer)
        shop.fill_cart(BOLT_M8=1)
        pay(buyer)

        assert len(shop.book.orders) == 2
        assert len({call.key for call in gateway.sent("POST", "/orders")}) == 2

    def test_a_key_that_could_not_be_ours_is_not_sent_on(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer, attempt="a\r\nX-User-Id: 1")
        buyer.get(f"{back}?token=tok_ok")

        assert [str(call.key).isprintable() for call in gateway.sent("POST", "/orders")] == [True]

    def test_a_lost_answer_is_asked_for_again_and_never_buys_twice(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        gateway.lose_answer_of_next("/orders")

        page = buyer.get(f"{back}?token=tok_ok")
        assert page.status == 503
        assert "Do not pay again" in page.text

        page = buyer.get(next(link for link in page.links() if link.endswith("/return")))
        assert page.heading() == "Order SO-000124"
        assert len(shop.book.orders) == 1

    def test_an_order_still_in_flight_is_waited_for(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        gateway.fail_next("/orders", refused(409, "request-in-flight", retry_after="1"))

        assert "still checking your order" in buyer.get(f"{back}?token=tok_ok").text
        assert buyer.get(back).heading() == "Order SO-000124"

    def test_a_declined_card_leads_to_another_try(self, buyer: Visitor, shop, gateway: FakeGateway):
        page = pay(buyer, "tok_declined", po_number="PO-9")

        assert page.status == 402
        assert "Nothing was ordered and nothing was charged" in page.text
        assert "There is not enough money on this card" in page.text
        assert "PO number PO-9" in page.text
        assert shop.carts["com_acme"] == {"BOLT-M8": 12}

    def test_another_card_is_one_click_away_with_the_same_po_number(self, buyer: Visitor, shop, gateway: FakeGateway):
        page = pay(buyer, "tok_declined", po_number="PO-9")
        form = {field.get("name"): field.get("value") for field in page.form("/checkout").iter("input")}

        assert "http://cards.example" in page.response.headers["Content-Security-Policy"]
        response = buyer.send("/checkout", form)
        back = urlsplit(parse_qs(urlsplit(response.headers["Location"]).query)["return_url"][0]).path
        page = buyer.get(f"{back}?token=tok_ok")

        assert page.heading() == "Order SO-000124"
        assert "PO number PO-9" in page.text
        assert len({call.key for call in gateway.sent("POST", "/orders")}) == 2

    def test_sold_out_meanwhile_leads_to_what_is_left(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        shop.products["BOLT-M8"]["available"] = 3
        page = buyer.get(f"{back}?token=tok_ok")

        assert page.status == 409
        assert page.rows() == ["BOLT-M8 12 3"]
        assert page.submit("/cart/within-stock").heading() == "Cart"
        assert shop.carts["com_acme"] == {"BOLT-M8": 3}

    def test_any_other_refusal_is_told_in_its_own_words(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        gateway.fail_next("/orders", refused(422, "invalid-input", detail="This product is no longer sold"))

        page = buyer.get(f"{back}?token=tok_ok")

        assert page.status == 422
        assert "This product is no longer sold" in page.text
        assert "/cart" in page.links()

    def test_a_refusal_shows_the_detail_of_each_line(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        errors = [
            {"pointer": "/line_items/0/sku", "detail": "This product is not sold any more."},
            {"pointer": "/line_items/7/sku", "detail": "Gone meanwhile."},
            {"pointer": "/payment", "detail": "Give a payment: the order costs something."},
        ]
        gateway.fail_next("/orders", refused(422, "invalid-input", errors=errors))

        page = buyer.get(f"{back}?token=tok_ok")

        assert page.status == 422
        assert "BOLT-M8 : This product is not sold any more." in page.text
        assert "Gone meanwhile." in page.text
        assert "Give a payment: the order costs something." in page.text

    def test_two_currencies_lock_the_checkout(self, buyer: Visitor, shop):
        page = buyer.get("/checkout")
        shop.add_product("EURO", unit_price={"amount": "100", "currency": "EUR"}, price_breaks=[])
        shop.carts["com_acme"]["EURO"] = 1

        for answer in (buyer.get("/checkout"), page.submit("/checkout")):
            assert answer.heading() == "Cart"
            assert "The cart holds prices in GBP and EUR." in answer.text
        assert not shop.book.orders

    def test_a_cart_that_changed_meanwhile_is_reviewed_again(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        shop.carts["com_acme"]["BOLT-M8"] = 90

        page = buyer.get(f"{back}?token=tok_ok")

        assert page.heading() == "Check out"
        assert "Your cart changed while you were paying" in page.text
        assert not shop.book.orders

    def test_a_cart_that_was_ordered_in_another_window_leads_to_that_order(self, buyer: Visitor, shop):
        first, second = go_to_card_page(buyer), go_to_card_page(buyer)

        pages = [buyer.get(f"{back}?token=tok_ok") for back in (first, second)]

        assert [page.heading() for page in pages] == ["Order SO-000124"] * 2
        assert len(shop.book.orders) == 1

    def test_a_cart_that_was_emptied_meanwhile_leads_to_the_orders(self, buyer: Visitor, shop):
        back = go_to_card_page(buyer)
        shop.fill_cart()

        page = buyer.get(f"{back}?token=tok_ok")

        assert page.heading() == "Orders"
        assert "Your cart is empty" in page.text

    def test_a_price_that_changed_before_paying_is_reviewed_again(self, buyer: Visitor, shop):
        page = buyer.get("/checkout")
        shop.products["BOLT-M8"]["price_breaks"][0]["unit_price"] = price(999)

        page = page.submit("/checkout")

        assert "Please review the order again" in page.text
        assert "£119.88" in page.text

    def test_a_free_order_goes_without_a_card(self, buyer: Visitor, shop, gateway: FakeGateway):
        shop.products["BOLT-M8"].update(unit_price=price(0), price_breaks=[])
        page = buyer.get("/checkout")

        pages = [page.submit("/checkout") for _ in range(2)]

        assert [page.heading() for page in pages] == ["Order SO-000124"] * 2
        assert "payment" not in gateway.sent("POST", "/orders")[0].body

    def test_leaving_the_card_page_without_paying_orders_nothing(self, buyer: Visitor, shop):
        page = buyer.get(go_to_card_page(buyer))

        assert "Nothing was charged" in page.text
        assert page.heading() == "Check out"

    def test_a_foreign_link_with_a_token_places_nothing(self, buyer: Visitor, shop):
        page = buyer.get("/checkout/made-up-by-an-attacker/return?token=tok_ok")

        assert page.heading() == "Orders"
        assert not shop.book.orders

    def test_an_empty_cart_cannot_be_checked_out(self, buyer: Visitor):
        page = buyer.get("/checkout")

        assert page.heading() == "Cart"
        assert "nothing to check out" in page.text

    def test_a_session_that_ended_at_the_card_page_is_taken_up_again(self, buyer: Visitor, shop, gateway: FakeGateway):
        back = go_to_card_page(buyer)
        gateway.revoke_all()

        page = buyer.get(f"{back}?token=tok_ok")
        page = page.submit("/sign-in", email="buyer@acme.example", password="tradepost-demo")

        assert page.heading() == "Order SO-000124"

    def test_keeps_the_po_number_when_a_price_changed(self, buyer: Visitor, shop):
        page = buyer.get("/checkout")
        shop.carts["com_acme"]["BOLT-M8"] = 90

        page = page.submit("/checkout", po_number="PO-7")

        assert "changed while you were looking" in page.text
        assert 'value="PO-7"' in page.source

    def test_keeps_no_card_number_as_po_number(self, buyer: Visitor, shop):
        page = buyer.get("/checkout").submit("/checkout", po_number="4111 1111 1111 1111")

        assert page.status == 422
        assert "This looks like a card number" in page.text
        assert "4111" not in buyer.get("/checkout").text

    def test_refuses_a_po_number_that_is_too_long(self, buyer: Visitor, shop):
        page = buyer.get("/checkout").submit("/checkout", po_number="P" * 65)

        assert page.status == 422
        assert "at most 64 characters" in page.text


class TestWithoutACardProcessor:
    @pytest.fixture(autouse=True)
    def _no_cards(self, customer_app):
        settings = customer_app.extensions["tradepost_settings"]
        customer_app.extensions["tradepost_settings"] = replace(settings, psp_backend="none")

    def test_offers_no_card(self, buyer: Visitor, shop):
        page = buyer.get("/checkout")

        assert "This shop takes no cards yet" in page.text
        assert "Pay by card" not in page.text

    def test_places_nothing_when_the_form_is_sent_all_the_same(self, buyer: Visitor, shop):
        page = buyer.get("/checkout")
        form = {field.get("name"): field.get("value") for field in page.form("/checkout").iter("input")}
        response = buyer.send("/checkout", form)

        assert response.status_code == 302
        assert "so nothing was ordered" in buyer.get("/checkout").text
