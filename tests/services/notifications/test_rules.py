"""What each kind of notification says."""

from __future__ import annotations

import pytest

from services.notifications import rules
from services.notifications.rules import FACTS, NotificationKind
from tests.factories.notifications import cancelled, confirmed, refunded, remainder_cancelled, returned, shipped


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_kind_has_its_facts(kind):
    assert kind in FACTS


@pytest.mark.parametrize(
    ("announcement", "kind", "subject_id", "subject"),
    [
        (rules.order_confirmed(confirmed()), "order_confirmed", "ord_1", "Confirmed: order SO-000001"),
        (rules.order_shipped(shipped()), "order_shipped", "shp_1", "Shipped: order SO-000001"),
        (rules.order_shipped(shipped(is_complete=False)), "order_shipped", "shp_1", "Partly shipped: order SO-000001"),
        (rules.order_returned(returned()), "order_returned", "ret_1", "Return received: order SO-000001"),
        (rules.order_cancelled(cancelled()), "order_cancelled", "ord_1", "Cancelled: order SO-000001"),
        (
            rules.order_remainder_cancelled(remainder_cancelled()),
            "order_remainder_cancelled",
            "ord_1",
            "Shipped, rest cancelled: order SO-000001",
        ),
        (rules.payment_refunded(refunded()), "order_refunded", "txn_1", "Refunded: £9.99 for your order"),
    ],
)
def test_an_event_becomes_an_announcement_of_its_kind(announcement, kind, subject_id, subject):
    assert (announcement.kind, announcement.subject_id, announcement.facts.subject) == (kind, subject_id, subject)
    assert isinstance(announcement.facts, FACTS[announcement.kind])


def test_a_refused_order_is_not_announced():
    assert rules.order_cancelled(cancelled(was_refused=True)) is None


def test_an_order_that_was_awaited_and_then_refused_is_announced_with_the_reason_in_words():
    announced = rules.order_cancelled(cancelled(was_refused=True, was_awaited=True, reason="payment_declined"))

    assert announced is not None
    assert isinstance(announced.facts, rules.Cancellation)
    assert announced.facts.reason == "The card was declined. Please order again with another card."
