"""Shipping, returns and refunds at the admin portal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.pages import Visitor


class TestShipping:
    def test_ships_a_part_and_then_the_rest(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")

        page = page.submit("/shipments", **{"ship-1": "6", "ship-2": "", "ship-reference": "DHL 1"}).confirm()
        assert order["status"] == "partially_shipped"
        assert "DHL 1" in page.text

        page = page.submit("/shipments", all="yes", **{"ship-reference": "DHL 2"}).confirm()
        assert order["status"] == "shipped"
        assert "DHL 2" in page.text
        assert "Captured £35.70" in page.text

    def test_a_form_sent_twice_ships_once(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")

        for _ in range(2):
            page.submit("/shipments", **{"ship-1": "5", "ship-2": "0"}).confirm()

        assert len(order["shipments"]) == 1

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"ship-1": "11"}, "Enter at most 10."),
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

    @pytest.mark.parametrize(
        ("typed", "fault"),
        [("11", "Enter at most 4."), ("1,5", "Enter a whole number, 0 or more.")],
    )
    def test_puts_the_fault_at_its_line(self, staff: Visitor, order: dict[str, Any], typed: str, fault: str):
        page = staff.get(f"/admin/orders/{order['id']}").submit(
            "/shipments", **{"ship-1": "", "ship-2": typed, "ship-reference": "DHL 7"}
        )

        (field,) = [each for each in page.all("input") if each.get("aria-invalid")]
        assert (field.get("name"), field.get("value")) == ("ship-2", typed)
        (error,) = [each for each in page.all("span") if each.get("id") == field.get("aria-describedby")]
        assert "".join(error.itertext()).startswith(f"Error: NUT-M8: {fault}")
        assert 'name="ship-reference" type="text" value="DHL 7"' in page.source

    @pytest.mark.parametrize("part", ["shipments", "returns", "refunds", "settlement"])
    def test_an_address_of_a_form_leads_back_to_the_order(self, staff: Visitor, order: dict[str, Any], part: str):
        page = staff.get(f"/admin/orders/{order['id']}/{part}")

        assert (page.status, page.heading()) == (200, staff.get(f"/admin/orders/{order['id']}").heading())


class TestQuestions:
    def test_say_what_a_shipment_does_and_ship_nothing_before_the_answer(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **{"ship-2": "3"})

        assert page.heading() == "Ship 3 units of order SO-000124?"
        assert "3 units of 1 line leave the stock." in page.text
        assert "£7.65 is captured from the buyer's card." in page.text
        assert f"/admin/orders/{order['id']}" in page.links()
        assert not order["shipments"]

        page.confirm()
        assert order["shipments"][0]["total"]["amount"] == 765

    def test_count_all_that_is_left(self, staff: Visitor, order: dict[str, Any]):
        staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **{"ship-1": "1"}).confirm()

        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes")

        assert "13 units of 2 lines leave the stock." in page.text
        assert "£33.15 is captured" in page.text

    def test_come_before_a_refund_and_keep_its_key(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()

        question = page.submit("/refunds", amount="5")
        assert "£5.00 goes back to the buyer's card" in question.text
        question.confirm()
        question.confirm()

        assert order["refunded_total"]["amount"] == 500


class TestOrderChangedMeanwhile:
    def test_shows_the_order_as_it_is_now(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}")
        order["status"] = "cancelled"

        changed = page.submit("/shipments", all="yes")

        assert changed.status == 409
        assert "It is now: Cancelled." in changed.text
        assert changed.heading() == "Order SO-000124"
        assert not [form for form in changed.all("form") if form.get("action", "").endswith("/shipments")]
        assert not order["shipments"]


class TestReturns:
    def test_refunds_the_paid_share_or_what_is_typed(self, staff: Visitor, order: dict[str, Any]):
        staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()
        page = staff.get(f"/admin/orders/{order['id']}?do=return")

        typed = {"return-1": "2", "return-2": "1", "refund-2": "0.50", "return-reference": "RMA 1"}
        page = page.submit("/returns", **typed)
        assert "£5.60 is refunded to the buyer's card." in page.text
        page = page.confirm()

        refunds = [line["refund_total"]["amount"] for line in order["returns"][0]["line_items"]]
        assert refunds == [510, 50]
        assert "Refunded £5.60" in page.text

    def test_a_refund_finer_than_a_penny_is_refused(self, staff: Visitor, order: dict[str, Any]):
        staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()
        page = staff.get(f"/admin/orders/{order['id']}?do=return")

        page = page.submit("/returns", **{"return-1": "1", "refund-1": "0.505"})

        assert page.status == 422
        assert "round the amount" in page.text
        assert not order["returns"]

    @pytest.mark.parametrize("typed", [{"return-1": "1,5"}, {"return-1": "1", "refund-1": "2,50"}])
    def test_a_decimal_comma_is_refused(self, staff: Visitor, order: dict[str, Any], typed: dict[str, str]):
        staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()
        page = staff.get(f"/admin/orders/{order['id']}?do=return")

        page = page.submit("/returns", **typed)

        assert page.status == 422
        assert "A comma only separates thousands" in page.text
        assert not order["returns"]
        (field,) = [each for each in page.all("input") if each.get("aria-invalid")]
        assert (field.get("name"), field.get("value")) == list(typed.items())[-1]

    def test_nothing_can_come_back_before_it_is_shipped(self, staff: Visitor, order: dict[str, Any]):
        assert "Record a return" not in staff.get(f"/admin/orders/{order['id']}").text


class TestRefunds:
    def test_refunds_an_amount(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()

        page = page.submit("/refunds", amount="5").confirm()

        assert "£5.00 is being refunded" in page.text
        assert "Refund £5.00" in page.text

    def test_refuses_more_than_is_captured(self, staff: Visitor, order: dict[str, Any]):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()

        page = page.submit("/refunds", amount="1,000.00").confirm()

        assert page.status == 422
        assert "More than was captured and not yet refunded" in page.text

    @pytest.mark.parametrize("amount", ["2,50", "1e1", "1_0", "5.", "+5", "-0", "\uff15", "1,2,3"])
    def test_refuses_what_is_no_amount(self, staff: Visitor, order: dict[str, Any], amount: str):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()

        page = page.submit("/refunds", amount=amount)

        assert page.status == 422
        assert "is being refunded" not in page.text

    def test_is_not_offered_before_a_capture(self, staff: Visitor, order: dict[str, Any]):
        assert "Refund without a return" not in staff.get(f"/admin/orders/{order['id']}").text

    def test_a_rep_without_payments_still_sees_the_order(
        self, staff: Visitor, order: dict[str, Any], gateway: FakeGateway
    ):
        gateway.fail_next("/payments", refused(403, "forbidden"))

        assert "Your role does not show payments" in staff.get(f"/admin/orders/{order['id']}").text
