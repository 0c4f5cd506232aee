"""The work in a trade file: products, companies, orders, returns; computed from the file alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tools.replay.catalog import CatalogEntry, catalog_of
from tools.replay.planned import (
    COUNTER_SALES,
    LeftOut,
    PlannedCompany,
    PlannedLine,
    PlannedOrder,
    PlannedReturn,
    Step,
    company_reference,
    minor_units,
)
from tools.replay.reading import Row, TradeRow, UnreadableRow
from tools.replay.returns import ReturnMatching


@dataclass(slots=True)
class ReplayPlan:
    """All the work in the file; `steps` holds each company's orders and returns in file order."""

    products: list[CatalogEntry]
    companies: dict[str, PlannedCompany]
    steps: dict[str, list[Step]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    rows_read: int = 0

    def orders(self) -> Iterator[PlannedOrder]:
        for steps in self.steps.values():
            yield from (step for step in steps if isinstance(step, PlannedOrder))

    def returns(self) -> Iterator[PlannedReturn]:
        for steps in self.steps.values():
            yield from (step for step in steps if isinstance(step, PlannedReturn))

    def units_needed(self, placed: frozenset[tuple[str, str]] = frozenset()) -> Counter[str]:
        """Return the units per stocked SKU of the orders not in `placed`, a set of (company, reference)."""
        stocked = {product.sku for product in self.products if product.is_stocked}
        needed: Counter[str] = Counter()
        for order in self.orders():
            if (order.company, order.reference) not in placed:
                for line in order.lines:
                    if line.sku in stocked:
                        needed[line.sku] += line.quantity
        return needed


def plan_replay(rows: Iterable[Row]) -> ReplayPlan:
    """Decide for every row of a file what becomes of it; the same file gives the same plan."""
    all_rows = list(rows)
    trade = [row for row in all_rows if isinstance(row, TradeRow)]
    # A row that makes no order still names an item and a company.
    plan = ReplayPlan(products=catalog_of(trade), companies=_companies(trade), rows_read=len(all_rows))
    kept, left_out = _sorted_out(all_rows)
    matching = ReturnMatching()
    steps: dict[str, list[Step]] = defaultdict(list)
    for invoice in _invoices(kept):
        if invoice[0].is_return:
            returns, unmatched = matching.take_back(invoice)
            steps[company_reference(invoice[0].customer)].extend(returns)
            left_out.extend(unmatched)
        else:
            order = _order(invoice)
            matching.remember(order)
            steps[order.company].append(order)
    plan.steps = dict(steps)
    plan.left_out = sorted(left_out, key=lambda entry: entry.line)
    return plan


def _sorted_out(rows: Iterable[Row]) -> tuple[list[TradeRow], list[LeftOut]]:
    kept: list[TradeRow] = []
    left_out: list[LeftOut] = []
    for row in rows:
        if isinstance(row, UnreadableRow):
            left_out.append(LeftOut(row.line, row.invoice, row.code, 0, 0, row.reason))
        elif reason := _refusal(row):
            amount = abs(minor_units(row.quantity, row.unit_price))
            left_out.append(LeftOut(row.line, row.invoice, row.sku, row.quantity, amount, reason))
        else:
            kept.append(row)
    return kept, left_out


def _refusal(row: TradeRow) -> str | None:
    if not row.is_order and not row.is_return:
        return f"invoice number of prefix {row.invoice[0]}"
    if row.unit_price < 0:
        return "negative price"
    if row.is_order and row.quantity <= 0:
        return "quantity of 0 or less outside C invoices"
    if row.is_return and row.quantity >= 0:
        return "quantity of 0 or more on a C invoice"
    return None


def _companies(rows: list[TradeRow]) -> dict[str, PlannedCompany]:
    companies: dict[str, PlannedCompany] = {}
    for row in rows:
        reference = company_reference(row.customer)
        if reference not in companies:
            name = f"Company {row.customer}" if row.customer else COUNTER_SALES
            companies[reference] = PlannedCompany(reference, name)
    return companies


def _invoices(rows: list[TradeRow]) -> list[list[TradeRow]]:
    """Group rows by invoice and company, in order of each group's first row."""
    invoices: dict[tuple[str, str], list[TradeRow]] = defaultdict(list)
    for row in rows:
        invoices[row.invoice, row.customer].append(row)
    return list(invoices.values())


def _order(rows: list[TradeRow]) -> PlannedOrder:
    first = rows[0]
    return PlannedOrder(
        reference=first.invoice,
        company=company_reference(first.customer),
        ordered_on=first.traded_on,
        lines=tuple(
            PlannedLine(row.sku, row.quantity, row.unit_price, minor_units(row.quantity, row.unit_price))
            for row in rows
        ),
    )
