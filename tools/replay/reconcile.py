"""The file against the platform: order by order, day by day, to the penny."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tools.replay.known import GONE
from tools.replay.plan import ReplayPlan

OrderKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is compared of one order; money in minor units, `refunds` by the day they were returned on."""

    ordered_on: str
    lines: int
    units: int
    ordered: int
    captured: int
    refunds: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class DayTotals:
    """One day's trade; money in minor units, refunds of the returns of that day."""

    orders: int = 0
    lines: int = 0
    units: int = 0
    ordered: int = 0
    captured: int = 0
    refunded: int = 0

    def __add__(self, other: DayTotals) -> DayTotals:
        return DayTotals(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both sides by day, and the orders that are not the same on both."""

    file_days: dict[str, DayTotals]
    platform_days: dict[str, DayTotals]
    differences: dict[OrderKey, tuple[OrderFacts | None, OrderFacts | None]]

    @property
    def is_equal(self) -> bool:
        return self.file_days == self.platform_days and not self.differences


def file_facts(plan: ReplayPlan) -> dict[OrderKey, OrderFacts]:
    """Return the file's figures of each order."""
    refunds: dict[OrderKey, Counter[str]] = defaultdict(Counter)
    for entry in plan.returns():
        refunds[entry.company, entry.order_reference][entry.returned_on.isoformat()] += entry.refund
    return {
        (order.company, order.reference): OrderFacts(
            ordered_on=order.ordered_on.isoformat(),
            lines=len(order.lines),
            units=order.units,
            ordered=order.total,
            captured=order.total,
            refunds=_sorted_refunds(refunds[order.company, order.reference]),
        )
        for order in plan.orders()
    }


def platform_facts(order: Mapping[str, Any], file_days: frozenset[str]) -> OrderFacts:
    """Return what the platform shows of one order; returns of days that the file does not hold are not its matter."""
    refunds: Counter[str] = Counter()
    for entry in order["returns"]:
        if entry["reference"] and entry["returned_on"] in file_days:
            refunds[entry["returned_on"]] += entry["refunded_total"]["amount"]
    return OrderFacts(
        ordered_on=order["ordered_on"],
        lines=len(order["line_items"]),
        units=sum(line["quantity"] for line in order["line_items"]),
        ordered=sum(line["total"]["amount"] for line in order["line_items"]),
        captured=order["captured_total"]["amount"],
        refunds=_sorted_refunds(refunds),
    )


def counts(order: Mapping[str, Any]) -> bool:
    """Return whether an order of the platform belongs to the comparison: referenced and not undone."""
    return bool(order["reference"]) and order["status"] not in GONE


def days_of(plan: ReplayPlan) -> frozenset[str]:
    """Return every day the file has an order or a return on."""
    return frozenset(order.ordered_on.isoformat() for order in plan.orders()) | frozenset(
        entry.returned_on.isoformat() for entry in plan.returns()
    )


def reconcile(file: Mapping[OrderKey, OrderFacts], platform: Mapping[OrderKey, OrderFacts]) -> Reconciliation:
    """Compare the two sides."""
    return Reconciliation(
        file_days=_by_day(file.values()),
        platform_days=_by_day(platform.values()),
        differences={
            key: (file.get(key), platform.get(key))
            for key in sorted(file.keys() | platform.keys())
            if file.get(key) != platform.get(key)
        },
    )


def _by_day(facts: Iterable[OrderFacts]) -> dict[str, DayTotals]:
    days: dict[str, DayTotals] = defaultdict(DayTotals)
    for order in facts:
        days[order.ordered_on] += DayTotals(1, order.lines, order.units, order.ordered, order.captured)
        for day, amount in order.refunds:
            days[day] += DayTotals(refunded=amount)
    return dict(sorted(days.items()))


def _sorted_refunds(refunds: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((day, amount) for day, amount in refunds.items() if amount))
