"""The buyer's orders, notifications and account."""

from __future__ import annotations

import pytest

from shared.portal.gateway import Call
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import STAFF
from tests.portals.pages import Page, Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.add_product("NUT-M8", name="Hex nut M8")
    return gateway.shop


def ship(shop, order, **quantities: int) -> None:
    lines = [{"line_id": key.removeprefix("line"), "quantity": units} for key, units in quantities.items()]
    body = {"line_items": lines, "reference": "DHL 1"} if lines else {}
    shop.book.ship(STAFF, Call("POST", "", body=body), order["id"])


class TestOrderList:
    def test_invites_when_there_are_none(self, buyer: Visitor):
        assert "No orders yet" in buyer.get("/orders").text

    def test_filters_by_status_and_keeps_it_across_pages(self, buyer: Visitor, shop):
        for _ in range(30):
            shop.book.add(("BOLT-M8", 1))
        shop.book.add(("BOLT-M8", 1), status="cancelled")

        page = buyer.get("/orders").submit("/orders", status="confirmed")
        older = buyer.get(next(link for link in page.links() if "cursor=" in link))

        assert (len(page.rows()), len(older.rows())) == (25, 5)
        assert "status=confirmed" in next(link for link in page.links() if "cursor=" in link)

    def test_ignores_a_status_that_does_not_exist(self, buyer: Visitor, shop):
        shop.book.add(("BOLT-M8", 1))

        assert len(buyer.get("/orders?status=nonsense").rows()) == 1


class TestOrderPage:
    def test_shows_how_far_it_is(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 12), ("NUT-M8", 4))
        ship(shop, order, line1=5)

        page = buyer.get(f"/orders/{order['id']}")

        assert "Partly shipped" in page.text
        assert "DHL 1" in page.text
        assert "5 \u00d7 Hex bolt M8 x 40" in page.text
        assert "Charged to your card £12.75" in page.text

    def test_cancels_while_nothing_is_shipped(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 1))

        page = buyer.get(f"/orders/{order['id']}").submit("/cancellation", reason="ordered twice").confirm()

        assert "is cancelled. Nothing will be charged" in page.text
        assert "ordered twice" in page.text
        assert not [form for form in page.all("form") if "cancellation" in form.get("action", "")]

    def test_explains_when_it_is_too_late_to_cancel(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 1))
        page = buyer.get(f"/orders/{order['id']}")
        ship(shop, order)

        assert "can no longer be cancelled" in page.submit("/cancellation").confirm().text

    def test_cancels_what_is_left_of_a_partly_shipped_order(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 12), ("NUT-M8", 4))
        ship(shop, order, line1=5)

        page = buyer.get(f"/orders/{order['id']}").submit("/remainder-cancellation", reason="takes too long").confirm()

        assert "What was left of order SO-000124 is cancelled and will not be charged" in page.text
        assert "Shipped, rest cancelled" in page.text
        assert "takes too long" in page.text
        assert "7 units cancelled" in page.rows()[0]
        assert "4 units cancelled" in page.rows()[1]
        assert "Cancelled £28.05" in page.text
        assert not [form for form in page.all("form") if "cancellation" in form.get("action", "")]

    def test_explains_when_the_rest_was_shipped_meanwhile(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 12))
        ship(shop, order, line1=5)
        page = buyer.get(f"/orders/{order['id']}")
        ship(shop, order)

        assert "nothing left of this order to cancel" in page.submit("/remainder-cancellation").confirm().text

    @pytest.mark.parametrize("status", ["placed", "confirmed", "shipped", "cancelled", "partially_cancelled"])
    def test_offers_to_cancel_the_rest_only_of_a_partly_shipped_order(self, buyer: Visitor, shop, status: str):
        order = shop.book.add(("BOLT-M8", 1), status=status)

        assert "Cancel what is left" not in buyer.get(f"/orders/{order['id']}").text

    def test_says_when_a_refund_was_not_possible(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 12))
        ship(shop, order)
        body = {"line_items": [{"line_id": "1", "quantity": 2}]}
        shop.book.record_return(STAFF, Call("POST", "", body=body), order["id"])
        shop.book.refuse(order, "refund", "card_closed")

        page = buyer.get(f"/orders/{order['id']}")

        assert "The refund to your card was not possible" in page.text
        assert "card_closed" not in page.text

    def test_orders_the_same_again_and_names_what_is_gone(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 3), ("NUT-M8", 4))
        del shop.products["NUT-M8"]

        page = buyer.get(f"/orders/{order['id']}").submit("/reorder")

        assert page.heading() == "Cart"
        assert shop.carts["com_acme"] == {"BOLT-M8": 3}
        assert "No longer sold and left out: NUT-M8" in page.text


class TestAccount:
    def test_shows_person_and_company(self, buyer: Visitor):
        text = buyer.get("/account").text

        assert "buyer@acme.example" in text
        assert "Acme Trading" in text

    def test_lists_messages_with_their_order(self, buyer: Visitor, shop):
        order = shop.book.add(("BOLT-M8", 1))
        shop.notifications.append(
            {
                "id": "ntf_1",
                "kind": "order_confirmed",
                "subject": "Order SO-000124 is confirmed",
                "recipient": "buyer@acme.example",
                "status": "sent",
                "order_id": order["id"],
                "created_at": "2026-11-24T09:30:00Z",
                "sent_at": "2026-11-24T09:30:01Z",
            }
        )

        page = buyer.get("/notifications")

        assert "Order SO-000124 is confirmed" in page.rows()[0]
        assert f"/orders/{order['id']}" in page.links()

    def test_says_so_when_there_are_no_messages(self, buyer: Visitor):
        assert "No messages yet" in buyer.get("/notifications").text


def progress_of(page: Page) -> list[tuple[str, str]]:
    """Return (state, label) of each step of the page's timeline."""
    steps = next(each for each in page.all("ol") if "timeline" in each.get("class", ""))
    return [(step.get("class", ""), "".join(step.findall("strong")[0].itertext())) for step in steps.iter("li")]


class TestProgress:
    @pytest.mark.parametrize(
        ("status", "steps"),
        [
            ("placed", [("done", "Placed"), ("next", "Confirmed"), ("next", "Shipped")]),
            ("pending_payment", [("done", "Placed"), ("next", "Confirmed"), ("next", "Shipped")]),
            ("confirmed", [("done", "Placed"), ("done", "Confirmed"), ("next", "Shipped")]),
            ("partially_shipped", [("done", "Placed"), ("done", "Confirmed"), ("half", "Partly shipped")]),
            ("shipped", [("done", "Placed"), ("done", "Confirmed"), ("done", "Shipped")]),
            ("partially_cancelled", [("done", "Placed"), ("done", "Confirmed"), ("done", "Shipped, rest cancelled")]),
            ("cancelled", [("done", "Placed"), ("stopped", "Cancelled")]),
            ("refused", [("done", "Placed"), ("stopped", "Refused")]),
        ],
    )
    def test_shows_how_far_an_order_is(self, buyer: Visitor, shop, status: str, steps: list[tuple[str, str]]):
        order = shop.book.add(("BOLT-M8", 1), status=status)

        assert progress_of(buyer.get(f"/orders/{order['id']}")) == steps

    def test_shows_a_status_that_the_portal_does_not_know_by_its_own_name(self, buyer: Visitor, gateway, shop):
        gateway.is_newer = True
        order = shop.book.add(("BOLT-M8", 1), status="awaiting_export_licence")

        page = buyer.get(f"/orders/{order['id']}")

        assert progress_of(page) == [("done", "Placed"), ("half", "Awaiting export licence")]
        assert "Cancel order" not in page.text
