"""Refused captures and refunds at the admin portal: staff see them, what to do, and settle them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


@pytest.fixture
def returned(staff: Visitor, shop, order: dict[str, Any]) -> dict[str, Any]:
    """An order that was shipped and of which two bolts came back, whose refund is refused."""
    page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()
    page = staff.get(f"/admin/orders/{order['id']}?do=return")
    page.submit("/returns", **{"return-1": "2"}).confirm()
    shop.book.refuse(order, "refund", "exceeds_authorization")
    return order


class TestFailures:
    def test_are_listed_on_the_overview(self, staff: Visitor, returned: dict[str, Any]):
        page = staff.get("/admin/")

        assert "Orders with a refused capture or refund" in page.text
        assert "/admin/orders?needs_attention=true" in page.links()
        assert [row.split()[0] for row in staff.get("/admin/orders?needs_attention=true").rows()] == ["SO-000124"]

    def test_leave_the_overview_alone_when_there_are_none(self, staff: Visitor, order: dict[str, Any]):
        assert "refused" not in staff.get("/admin/").text
        assert staff.get("/admin/orders?needs_attention=true").rows() == []

    def test_of_a_return_say_what_to_do(self, staff: Visitor, returned: dict[str, Any]):
        page = staff.get(f"/admin/orders/{returned['id']}")

        assert "The refund of £5.10 was refused." in page.text
        assert "exceeds_authorization" in page.text
        assert "probably refunded without the return already" in page.text
        assert "The refund was refused." in page.text

    @pytest.mark.parametrize(
        ("kind", "reason", "advice"),
        [
            ("capture", "charge_not_capturable", "Collect the amount in another way"),
            ("refund", "amount_too_large", "Compare the payment's transactions"),
            ("refund", "card_closed", "for example by bank transfer"),
        ],
    )
    def test_have_advice_by_their_reason(
        self, staff: Visitor, shop, returned: dict[str, Any], kind: str, reason: str, advice: str
    ):
        returned["failures"].clear()
        shop.book.refuse(returned, kind, reason)

        assert advice in staff.get(f"/admin/orders/{returned['id']}").text

    def test_are_settled_with_a_note(self, staff: Visitor, returned: dict[str, Any]):
        page = (
            staff.get(f"/admin/orders/{returned['id']}").submit("/settlement", note="paid by bank transfer").confirm()
        )

        assert "Settled: paid by bank transfer" in page.text
        assert "was refused." in page.text
        assert "Mark as settled" not in page.text
        assert "Orders with a refused" not in staff.get("/admin/").text

    @pytest.mark.parametrize("note", ["", "x" * 501])
    def test_want_a_note(self, staff: Visitor, returned: dict[str, Any], note: str):
        page = staff.get(f"/admin/orders/{returned['id']}").submit("/settlement", note=note)

        assert page.status == 422
        assert returned["settlement_note"] is None

    def test_settled_meanwhile_are_said_to_be(self, staff: Visitor, returned: dict[str, Any]):
        page = staff.get(f"/admin/orders/{returned['id']}")
        page.submit("/settlement", note="done").confirm()

        assert page.submit("/settlement", note="done again").status == 409


class TestRefusedAtOnce:
    def test_a_refund_that_the_processor_refuses_is_not_called_made(
        self, staff: Visitor, order: dict[str, Any], gateway: FakeGateway
    ):
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", all="yes").confirm()
        gateway.shop.book.refusal_of_refunds = "card_closed"

        page = page.submit("/refunds", amount="5").confirm()

        assert page.status == 409
        assert "refused the refund (card_closed). Nothing was refunded" in page.text
        assert "is being refunded" not in page.text
