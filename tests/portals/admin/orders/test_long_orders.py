"""Orders of hundreds of lines in both portals: one table, found by words, worked on in place."""

from __future__ import annotations

from typing import Any

import pytest

from shared.portal.gateway import Call
from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import STAFF
from tests.portals.pages import Visitor


@pytest.fixture
def long_order(gateway: FakeGateway) -> dict[str, Any]:
    """An order of 300 lines, each third a washer."""
    for number in range(300):
        name = f"Washer {number}" if number % 3 == 0 else f"Hex bolt {number}"
        gateway.shop.add_product(f"LONG-{number:03}", name=name)
    return gateway.shop.book.add(*((f"LONG-{number:03}", 2) for number in range(300)))


class TestLongOrders:
    def test_have_one_table_with_the_units_to_ship_in_it(self, staff: Visitor, long_order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{long_order['id']}")

        assert len(page.all("table")) == 1
        assert len(page.rows()) == 300
        assert sum((field.get("name") or "").startswith("ship-") for field in page.all("input")) == 301

    def test_find_lines_by_words_and_ship_them(self, staff: Visitor, long_order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{long_order['id']}").submit(long_order["id"], find="washer 29")
        assert [row.split()[1] for row in page.rows()] == ["129", "291", "294", "297"]
        assert "4 of 300 lines" in page.text

        page.submit("/shipments", **{"ship-292": "1"}).confirm()

        assert long_order["shipments"][0]["line_items"] == [{"line_id": "292", "quantity": 1}]

    def test_say_when_no_line_has_the_words(self, staff: Visitor, long_order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{long_order['id']}?find=lantern")

        assert "No line of this order has these words." in page.text
        assert f"/admin/orders/{long_order['id']}?do=ship" in page.links()

    def test_do_not_repeat_the_lines_of_a_shipment(self, staff: Visitor, buyer: Visitor, long_order, gateway):
        gateway.shop.book.ship(STAFF, Call("POST", "", body={}), long_order["id"])

        for page in (staff.get(f"/admin/orders/{long_order['id']}"), buyer.get(f"/orders/{long_order['id']}")):
            (fold,) = [each for each in page.all("details") if "300 lines" in "".join(each.itertext())]
            assert "300 lines, 600 units" in "".join(fold.findall("summary")[0].itertext())
            assert len(page.all("table")) == 1

    def test_keep_the_mode_while_lines_are_found(self, staff: Visitor, long_order: dict[str, Any], gateway):
        gateway.shop.book.ship(STAFF, Call("POST", "", body={}), long_order["id"])
        page = staff.get(f"/admin/orders/{long_order['id']}?do=return")

        page = page.submit(long_order["id"], find="LONG-007")

        assert len(page.rows()) == 1
        assert page.form("/returns", ["return-8", "refund-8"]) is not None

    def test_are_found_at_the_customer_portal_too(self, buyer: Visitor, long_order: dict[str, Any]):
        page = buyer.get(f"/orders/{long_order['id']}").submit(long_order["id"], find="LONG-007")

        assert [row for row in page.rows() if "LONG-007" in row] == page.rows()
        assert len(page.rows()) == 1
