"""Orders at the admin portal: finding, reading, cancelling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.pages import Visitor


class TestOrderList:
    def test_says_so_when_there_are_none(self, staff: Visitor):
        assert "No orders yet" in staff.get("/admin/orders").text

    def test_names_the_company(self, staff: Visitor, order: dict[str, Any]):
        assert "Acme Trading" in staff.get("/admin/orders").rows()[0]

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"status": "cancelled"}, ["SO-000125"]),
            ({"q": "536365"}, ["SO-000124"]),
            ({"q": "so-000126"}, ["SO-000126"]),
            ({"ordered_from": "2010-12-01", "ordered_to": "2010-12-01"}, ["SO-000126"]),
            ({"company": "C-2"}, ["SO-000126"]),
            ({"company": "com_globex"}, ["SO-000126"]),
            ({"company": "nobody"}, []),
            ({"ordered_from": "yesterday"}, []),
            ({"ordered_from": "2010-12-02", "ordered_to": "2010-12-01"}, []),
        ],
    )
    def test_filters(self, staff: Visitor, shop, order: dict[str, Any], filters: dict[str, Any], found: list[Any]):
        shop.book.add(("BOLT-M8", 1), status="cancelled")
        shop.book.add(("BOLT-M8", 1), company_id="com_globex", ordered_on="2010-12-01")

        page = staff.get("/admin/orders").submit("/orders", **filters)

        assert [row.split()[0] for row in page.rows()] == found

    def test_says_what_is_wrong_with_a_filter(self, staff: Visitor, gateway: FakeGateway):
        gateway.fail_next("/companies", refused(422, "invalid-input"))  # a reference may be too long to be one
        page = staff.get("/admin/orders?ordered_from=24.11.2026&company=nobody")

        assert "Enter the first day as in 2026-11-24" in page.text
        assert "no company with this id or reference" in page.text


class TestCancellation:
    def test_cancels_with_a_reason(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/cancellation", reason="no longer made").confirm()

        assert order["status"] == "cancelled"
        assert "no longer made" in page.text

    @pytest.mark.parametrize("status", ["shipped", "partially_shipped", "cancelled", "refused"])
    def test_is_offered_only_where_the_order_allows_it(self, staff: Visitor, shop, status: str):
        allowed = shop.book.add(("BOLT-M8", 1), status="confirmed")
        refused_ = shop.book.add(("BOLT-M8", 1), status=status)

        assert staff.get(f"/admin/orders/{allowed['id']}").form("/cancellation") is not None
        with pytest.raises(AssertionError, match="no such form"):
            staff.get(f"/admin/orders/{refused_['id']}").form("/cancellation")

    def test_cancels_what_is_left_of_a_partly_shipped_order(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **{"ship-1": "1", "ship-2": ""}).confirm()
        page = page.submit("/remainder-cancellation", reason="no longer made").confirm()

        assert order["status"] == "partially_cancelled"
        assert "is cancelled; its stock is free again" in page.text
        assert "no longer made" in page.text
        assert "9 units cancelled" in page.rows()[0]
        assert "Cancelled £33.15" in page.text
        with pytest.raises(AssertionError, match="no such form"):
            page.form("/shipments")
        assert staff.get(f"/admin/orders/{order['id']}?do=return").form("/returns") is not None

    def test_says_why_not_when_the_rest_was_shipped_meanwhile(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **{"ship-1": "1", "ship-2": ""}).confirm()
        page.submit("/shipments", all="yes").confirm()

        changed = page.submit("/remainder-cancellation")
        assert changed.status == 409
        assert "nothing was done. It is now: Shipped." in changed.text

    def test_says_why_not_once_shipped(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")
        page.submit("/shipments", **{"ship-1": "1"}).confirm()

        changed = page.submit("/cancellation")
        assert changed.status == 409
        assert "nothing was done. It is now: Partly shipped." in changed.text

    def test_asked_for_before_the_shipment_says_why_not(self, staff: Visitor, order: dict[str, Any]):
        question = staff.get(f"/admin/orders/{order['id']}").submit("/cancellation")
        staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **{"ship-1": "1"}).confirm()

        assert "Part of the order is shipped" in question.confirm().text


class TestOverview:
    def test_shows_what_waits_to_be_shipped(self, staff: Visitor, shop, order: dict[str, Any]):
        shop.book.add(("BOLT-M8", 1), status="cancelled")

        page = staff.get("/admin/")

        assert [row.split()[0] for row in page.rows()] == ["SO-000124", "SO-000125", "SO-000124"]

    def test_lives_below_admin_only(self, staff: Visitor):
        assert staff.client.get("/").headers["Location"] == "/admin/"
        assert staff.client.get("/health/live").status_code == 200
