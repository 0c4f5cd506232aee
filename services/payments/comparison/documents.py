"""What the comparisons look up of payments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.payments.payments.documents import Payment
from services.payments.payments.rules import SettledOrder
from services.payments.transactions.rules import TransactionStatus
from shared.data.struct_fields import stored_as


def settled_orders(order_ids: Iterable[str]) -> list[SettledOrder]:
    """Return what was captured and refunded for these orders, without those that have no payment."""
    shown = {"_id": 0, "order_id": 1, "captured_amount": 1, "refunded_amount": 1}
    found = Payment.collection().find({"order_id": {"$in": list(order_ids)}}, shown)
    return [stored_as(SettledOrder, each) for each in found]


def newest_paid_orders(before: datetime, limit: int) -> list[str]:
    """Return the orders of the newest payments that were made before a moment."""
    found = Payment.collection().find({"created_at": {"$lt": before}}, {"order_id": 1}).sort("_id", -1).limit(limit)
    return [each["order_id"] for each in found]


def pending_orders(order_ids: Iterable[str]) -> set[str]:
    """Return those of the orders whose payment has a pending transaction."""
    pending = {"order_id": {"$in": list(order_ids)}, "transactions.status": TransactionStatus.PENDING.value}
    return {each["order_id"] for each in Payment.collection().find(pending, {"order_id": 1})}
