"""The vocabulary of a replay plan: companies, orders, returns and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.base import money
from tools.replay.catalog import CURRENCY

COUNTER_SALES = "Counter sales"
COUNTER_SALES_REFERENCE = "counter-sales"


@dataclass(frozen=True, slots=True)
class PlannedCompany:
    """A buying company: its customer number, or the one company of all blank numbers."""

    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One order line; `unit_price` in major units, `total` in minor units, rounded half-even."""

    sku: str
    quantity: int
    unit_price: Decimal
    total: int


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One invoice of digits: its positive rows in file order."""

    reference: str
    company: str
    ordered_on: date
    lines: tuple[PlannedLine, ...]

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What comes back of one order line: `position` counts from 0, `refund` in minor units."""

    position: int
    quantity: int
    refund: int


@dataclass(frozen=True, slots=True)
class PlannedReturn:
    """What one `C` invoice takes back from one order; its reference is the invoice number."""

    reference: str
    company: str
    order_reference: str
    returned_on: date
    lines: tuple[ReturnedLine, ...]

    @property
    def refund(self) -> int:
        return sum(line.refund for line in self.lines)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row, or the part of it, that the platform does not get; `amount` in minor units, as a positive number."""

    line: int
    invoice: str
    sku: str
    quantity: int
    amount: int
    reason: str


Step = PlannedOrder | PlannedReturn


def minor_units(quantity: int, unit_price: Decimal) -> int:
    """Return quantity x price in minor units, rounded half-even."""
    return money.line_total(money.minor_units(unit_price, CURRENCY), quantity)


def company_reference(customer: str) -> str:
    """Return the reference of a customer number's company; blank numbers share one."""
    return customer or COUNTER_SALES_REFERENCE
