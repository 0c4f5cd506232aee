"""Comparing payments with orders, and with the card processor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.payments.clients import clients
from services.payments.comparison import rules
from services.payments.comparison.documents import newest_paid_orders, pending_orders, settled_orders
from services.payments.comparison.rules import KnownPayments
from shared.base.clock import now
from shared.data.older_copies import OlderCopy, note_older_copy, settled_ids

SERVICE = "payments"
# A younger payment may belong to an order that is being placed.
COMPARED_AFTER = timedelta(minutes=5)
NEWEST_PAYMENTS = 500


def compare_orders(order_ids: Sequence[str]) -> KnownPayments:
    """Return what is known of these orders here, and the orders of the newest payments."""
    return KnownPayments(settled_orders(order_ids), newest_paid_orders(now() - COMPARED_AFTER, NEWEST_PAYMENTS))


def compare_with_processor() -> list[str]:
    """
    Note an older copy when the processor's latest charges hold or moved money that payments does not know of.

    Returns the ids of their orders. A payment with a pending transaction is left out: its answer may be on its way.
    """
    is_settled = settled_ids(SERVICE)
    charges = [each for each in clients().processor.latest_charges() if not is_settled(each.order_id)]
    known = {each.order_id: each for each in settled_orders(each.order_id for each in charges)}
    pending = pending_orders(known)
    lost = rules.lost_orders([each for each in charges if each.order_id not in pending], known)
    if lost:
        reason = f"the processor has charges of {len(lost)} orders that payments does not know, or knows less of"
        note_older_copy(SERVICE, OlderCopy(SERVICE, reason, lost))
    return lost
