"""Orders at the admin portal: finding, shipping, returns, refunds, cancelling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.pages import Visitor


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.add_product("NUT-M8", name="Hex nut M8")
    gateway.shop.add_company("com_globex", "Globex Retail", "C-2")
    return gateway.shop


@pytest.fixture
def order(shop) -> dict[str, Any]:
    return shop.book.add(("BOLT-M8", 10), ("NUT-M8", 4), reference="536365")


class TestOrderList:
    def test_says_so_when_there_are_none(self, staff: Visitor):
        assert "No orders yet" in staff.get("/admin/orders").text

    def test_names_the_company(self, staff: Visitor, order: dict[str, Any]):
        assert "Acme Trading" in staff.get("/admin/orders").rows()[0]

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"status": "cancelled"}, ["SO-000125"]),
            ({"reference": "536365"}, ["SO-000124"]),
            ({"ordered_on": "2010-12-01"}, ["SO-000126"]),
            ({"company": "C-2"}, ["SO-000126"]),
            ({"company": "com_globex"}, ["SO-000126"]),
            ({"company": "nobody"}, []),
            ({"ordered_on": "yesterday"}, []),
        ],
    )
    def test_filters(self, staff: Visitor, shop, order: dict[str, Any], filters: dict[str, Any], found: list[Any]):
        shop.book.add(("BOLT-M8", 1), status="cancelled")
        shop.book.add(("BOLT-M8", 1), company_id="com_globex", ordered_on="2010-12-01")

        page = staff.get("/admin/orders").submit("/orders", **filters)

        assert [row.split()[0] for row in page.rows()] == found

    def test_says_what_is_wrong_with_a_filter(self, staff: Visitor, gateway: FakeGateway):
        gateway.fail_next("/companies", refused(422, "invalid-input"))  # a reference may be too long to be one
        page = staff.get("/admin/orders?ordered_on=24.11.2026&company=nobody")

        assert "Enter a day such as 2026-11-24" in page.text
        assert "no company with this id or reference" in page.text


class TestShipping:
    def test_ships_a_part_and_then_the_rest(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")

        page = page.submit("/shipments", **{"ship-1": "6", "ship-2": ""}, reference="DHL 1")
        assert order["status"] == "partially_shipped"
        assert "DHL 1" in page.text

        page = page.submit("/shipments", all="yes", reference="DHL 2")
        assert order["status"] == "shipped"
        assert "DHL 2" in page.text
        assert "Captured £35.70" in page.text

    def test_a_form_sent_twice_ships_once(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")

        for _ in range(2):
            page.submit("/shipments", **{"ship-1": "5", "ship-2": "0"})

        assert len(order["shipments"]) == 1

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"ship-1": "11"}, "More than is left to ship"),
            ({"ship-1": "x"}, "Enter a whole number"),
            ({"ship-1": "0", "ship-2": ""}, "Enter how many units to ship"),
        ],
    )
    def test_shows_what_is_wrong_and_keeps_what_was_typed(
        self, staff: Visitor, order: dict[str, Any], typed: dict[str, Any], words: str
    ):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **typed)

        assert page.status == 422
        assert words in page.text
        assert f'name="ship-1" value="{typed["ship-1"]}"' in page.source
        assert not order["shipments"]


class TestReturns:
    def test_refunds_the_paid_share_or_what_is_typed(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes")

        page = page.submit("/returns", **{"return-1": "2", "return-2": "1", "refund-2": "0.50"}, reference="RMA 1")

        refunds = [line["refund_total"]["amount"] for line in order["returns"][0]["line_items"]]
        assert refunds == [510, 50]
        assert "Refunded £5.60" in page.text

    def test_a_refund_finer_than_a_penny_is_refused(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes")

        page = page.submit("/returns", **{"return-1": "1", "refund-1": "0.505"})

        assert page.status == 422
        assert "round the amount" in page.text
        assert not order["returns"]

    def test_nothing_can_come_back_before_it_is_shipped(self, staff: Visitor, order: dict[str, Any]):
        assert "Record a return" not in staff.get(f"/admin/orders/{order['id']}").text


class TestRefunds:
    def test_refunds_an_amount(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes")

        page = page.submit("/refunds", amount="5")

        assert "£5.00 is being refunded" in page.text
        assert "Refund £5.00" in page.text

    def test_refuses_more_than_is_captured(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes")

        page = page.submit("/refunds", amount="1,000.00")

        assert page.status == 422
        assert "More than was captured and not yet refunded" in page.text

    def test_is_not_offered_before_a_capture(self, staff: Visitor, order: dict[str, Any]):
        assert "Refund without a return" not in staff.get(f"/admin/orders/{order['id']}").text

    def test_a_rep_without_payments_still_sees_the_order(
        self, staff: Visitor, order: dict[str, Any], gateway: FakeGateway
    ):
        gateway.fail_next("/payments", refused(403, "forbidden"))

        assert "Your role does not show payments" in staff.get(f"/admin/orders/{order['id']}").text


class TestCancellation:
    def test_cancels_with_a_reason(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/cancellation", reason="no longer made")

        assert order["status"] == "cancelled"
        assert "no longer made" in page.text

    def test_says_why_not_once_shipped(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")
        page.submit("/shipments", **{"ship-1": "1"})

        assert "Part of the order is shipped" in page.submit("/cancellation").text


class TestOverview:
    def test_shows_what_waits_to_be_shipped(self, staff: Visitor, shop, order: dict[str, Any]):
        shop.book.add(("BOLT-M8", 1), status="cancelled")

        page = staff.get("/admin/")

        assert [row.split()[0] for row in page.rows()] == ["SO-000124", "SO-000125", "SO-000124"]

    def test_lives_below_admin_only(self, staff: Visitor):
        assert staff.client.get("/").headers["Location"] == "/admin/"
        assert staff.client.get("/health/live").status_code == 200
