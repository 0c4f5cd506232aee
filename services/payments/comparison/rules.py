"""What is compared, and what proves that payments is an older copy: plain values in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.payments.clients.processor import ProcessorCharge
from services.payments.payments.rules import SettledOrder


@dataclass(frozen=True)
class ComparedOrders:
    """The orders of a comparison."""

    order_ids: list[str]


@dataclass(frozen=True)
class KnownPayments:
    """What orders compares itself with: the payments of some orders, and the orders of the newest payments."""

    items: list[SettledOrder]
    newest: list[str]


def lost_orders(charges: Iterable[ProcessorCharge], known: Mapping[str, SettledOrder]) -> list[str]:
    """Return the orders of charges that have no payment here, or of which the processor moved more money."""
    return sorted({each.order_id for each in charges if each.is_held and _is_lost(each, known.get(each.order_id))})


def _is_lost(charge: ProcessorCharge, known: SettledOrder | None) -> bool:
    if known is None:
        return True
    return charge.captured_amount > known.captured_amount or charge.refunded_amount > known.refunded_amount
