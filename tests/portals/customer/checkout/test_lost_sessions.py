"""A session that is lost while a buyer pays: back to the same checkout, and nothing is charged twice."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from redis import Redis

from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import BUYER
from tests.portals.pages import Page, Visitor

COLLEAGUE = BUYER | {"id": "usr_cole", "email": "cole@acme.example", "name": "Cole League"}


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.fill_cart(BOLT_M8=12)
    gateway.shop.users["cole@acme.example"] = COLLEAGUE
    return gateway.shop


def way_back(buyer: Visitor, po_number: str = "PO-77") -> str:
    """Go to the card page and return the address at which it sends the buyer back with a card."""
    page = buyer.get("/checkout")
    form = {field.get("name"): field.get("value") for field in page.form("/checkout").iter("input")}
    card_page = urlsplit(buyer.send("/checkout", form | {"po_number": po_number}).headers["Location"])
    return_url = urlsplit(card_page.query.partition("return_url=")[2])
    return f"{return_url.path}?{return_url.query}&token=tok_ok"


def sign_in(page: Page, email: str = "buyer@acme.example") -> Page:
    assert page.heading() == "Sign in"
    return page.submit("/sign-in", email=email, password="tradepost-demo")


def lose_cookie(buyer: Visitor, redis_url: str, gateway: FakeGateway) -> None:
    buyer.client.delete_cookie("__Host-customer")


def flush_redis(buyer: Visitor, redis_url: str, gateway: FakeGateway) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()


def sign_out_elsewhere(buyer: Visitor, redis_url: str, gateway: FakeGateway) -> None:
    buyer.get("/account").submit("/sign-out")


def revoke(buyer: Visitor, redis_url: str, gateway: FakeGateway) -> None:
    gateway.revoke_all()


LOSSES = [lose_cookie, flush_redis, sign_out_elsewhere]


class TestAtTheCardPage:
    @pytest.mark.parametrize("lose", LOSSES)
    def test_leads_back_to_the_checkout_with_the_po_number(self, lose, buyer, shop, gateway, redis_url):
        back = way_back(buyer)
        lose(buyer, redis_url, gateway)

        page = sign_in(buyer.get(back))

        assert page.heading() == "Check out"
        assert 'value="PO-77"' in page.source
        assert "nothing was ordered and nothing was charged" in page.text
        assert shop.book.orders == []

    def test_an_order_that_was_placed_before_is_not_placed_again(self, buyer, shop, gateway, redis_url):
        back = way_back(buyer)
        buyer.get(back)
        lose_cookie(buyer, redis_url, gateway)

        page = sign_in(buyer.get(back))

        assert page.heading() == "Orders"
        assert "its order is in this list" in page.text
        assert len(shop.book.orders) == 1

    def test_another_person_gets_neither_the_payment_nor_the_po_number(self, buyer, shop, gateway, redis_url):
        back = way_back(buyer)
        lose_cookie(buyer, redis_url, gateway)

        page = sign_in(buyer.get(back), "cole@acme.example")

        assert page.heading() == "Cart"
        assert "Another person began that payment" in page.text
        assert "PO-77" not in buyer.get("/checkout").source
        assert shop.book.orders == []

    def test_a_made_up_address_leads_to_the_orders(self, buyer: Visitor, shop):
        page = buyer.get(f"/checkout/{'a' * 32}/return?carried=gAAAAABmade-up&token=tok_ok")

        assert page.heading() == "Orders"

    def test_the_address_shows_nobody_the_po_number(self, buyer: Visitor, shop):
        address = way_back(buyer, "PO-SECRET")

        assert "PO-SECRET" not in str(parse_qs(urlsplit(address).query))


class TestAtPay:
    @pytest.mark.parametrize("lose", [*LOSSES, revoke])
    def test_leads_back_to_the_checkout_with_the_po_number(self, lose, buyer, shop, gateway, redis_url):
        page = buyer.get("/checkout")
        lose(buyer, redis_url, gateway)

        page = sign_in(page.submit("/checkout", po_number="PO-78"))

        assert page.heading() == "Check out"
        assert 'value="PO-78"' in page.source
        assert "nothing was sent" in page.text

    def test_signed_in_again_in_another_tab(self, buyer, shop, gateway, redis_url):
        page = buyer.get("/checkout")
        lose_cookie(buyer, redis_url, gateway)
        buyer.arrive_signed_in("buyer@acme.example")

        page = page.submit("/checkout", po_number="PO-79")

        assert page.heading() == "Check out"
        assert 'value="PO-79"' in page.source
        assert "You signed in again since this page was opened, so nothing was sent" in page.text

    @pytest.mark.parametrize("is_first", [True, False])
    def test_another_person_does_not_see_what_was_typed(self, is_first, buyer, shop, gateway, redis_url):
        page = buyer.get("/checkout")
        lose_cookie(buyer, redis_url, gateway)
        if is_first:
            buyer.arrive_signed_in("cole@acme.example")
            page = page.submit("/checkout", po_number="PO-80")
        else:
            page = sign_in(page.submit("/checkout", po_number="PO-80"), "cole@acme.example")

        assert page.heading() == "Check out"
        assert "PO-80" not in page.source
        assert "another person" in page.text

    def test_a_form_of_another_site_leaves_nothing_behind(self, customer_app: Flask, shop):
        stranger = Visitor(customer_app)
        typed = {"sent_by": "usr_buyer", "po_number": "EVIL"}
        stranger.client.post("/checkout", data=typed, headers={"Sec-Fetch-Site": "cross-site"})

        page = sign_in(stranger.get("/checkout"))

        assert "EVIL" not in page.source

    def test_a_card_number_is_not_kept(self, buyer, shop, gateway, redis_url):
        page = buyer.get("/checkout")
        lose_cookie(buyer, redis_url, gateway)

        page = sign_in(page.submit("/checkout", po_number="4111 1111 1111 1111"))

        assert page.heading() == "Check out"
        assert "4111" not in page.source


class TestOtherForms:
    def test_a_quick_order_is_there_again(self, buyer, shop, gateway, redis_url):
        page = buyer.get("/")
        values = [("sku", "BOLT-M8"), ("quantity", "7"), ("sku", "NUT"), ("quantity", ""), ("lines", "PIN 3")]
        token = page.form("/cart/quick-order").findall("input")
        sent = [*values, *((each.get("name"), each.get("value")) for each in token)]
        lose_cookie(buyer, redis_url, gateway)

        page = sign_in(buyer.post("/cart/quick-order", _lists(sent), sender="http://localhost/"))

        assert page.heading() == "Acme Trading"
        boxes = [each.get("value") for each in page.form("/cart/quick-order").iter("input")]
        assert boxes[-6:] == ["BOLT-M8", "7", "NUT", "", "", ""]
        assert "PIN 3" in page.source

    def test_quantities_are_there_again(self, buyer, shop, gateway, redis_url):
        page = buyer.get("/cart")
        lose_cookie(buyer, redis_url, gateway)

        page = sign_in(page.submit("/cart", **{"quantity-BOLT-M8": "33"}))

        assert page.heading() == "Cart"
        assert 'value="33"' in page.source
        assert shop.carts["com_acme"] == {"BOLT-M8": 12}

    def test_the_reason_of_a_cancellation_is_there_again(self, buyer, shop, gateway, redis_url):
        order = shop.book.add(("BOLT-M8", 1))
        page = buyer.get(f"/orders/{order['id']}")
        lose_cookie(buyer, redis_url, gateway)

        page = sign_in(page.submit("/cancellation", reason="Ordered twice"))

        assert page.heading() == f"Order {order['number']}"
        assert 'value="Ordered twice"' in page.source
        assert order["status"] == "confirmed"


def _lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists
