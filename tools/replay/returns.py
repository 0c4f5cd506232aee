"""Which earlier orders a `C` invoice takes back from, and how much of it is refunded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tools.replay.planned import LeftOut, PlannedOrder, PlannedReturn, ReturnedLine, company_reference, minor_units
from tools.replay.reading import TradeRow

UNMATCHED = "no earlier order of this company has the returned units left"
CAPPED = "refund capped at what is still captured on the line"


@dataclass(slots=True)
class OpenLine:
    """An order line as far as it has not come back: units left and the minor units still captured."""

    order_reference: str
    position: int
    quantity_left: int
    captured_left: int


@dataclass(slots=True)
class _Piece:
    line: OpenLine
    quantity: int
    amount: int


class ReturnMatching:
    """
    Remembers a file's orders as they come and takes returns back from them.

    A row takes from the company's latest earlier order that has the SKU left, then from older ones; within an
    order its lines in file order.
    """

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str], list[list[OpenLine]]] = defaultdict(list)

    def remember(self, order: PlannedOrder) -> None:
        by_sku: dict[str, list[OpenLine]] = defaultdict(list)
        for position, line in enumerate(order.lines):
            by_sku[line.sku].append(OpenLine(order.reference, position, line.quantity, line.total))
        for sku, lines in by_sku.items():
            self._orders[order.company, sku].append(lines)

    def take_back(self, rows: Sequence[TradeRow]) -> tuple[list[PlannedReturn], list[LeftOut]]:
        """Return one return per order the invoice's rows touch, and what was capped or matched nothing."""
        touched: dict[str, dict[int, ReturnedLine]] = defaultdict(dict)
        left_out: list[LeftOut] = []
        for row in rows:
            pieces, unmatched = self._pieces(row)
            if unmatched:
                left_out.append(unmatched)
            for piece in pieces:
                refund = min(piece.amount, piece.line.captured_left)
                piece.line.captured_left -= refund
                _add(touched[piece.line.order_reference], piece, refund)
                if refund < piece.amount:
                    left_out.append(_entry(row, -piece.quantity, piece.amount - refund, CAPPED))
        company, invoice, on = company_reference(rows[0].customer), rows[0].invoice, rows[0].traded_on
        return [
            PlannedReturn(invoice, company, order, on, tuple(lines[position] for position in sorted(lines)))
            for order, lines in touched.items()
        ], left_out

    def _pieces(self, row: TradeRow) -> tuple[list[_Piece], LeftOut | None]:
        """Split a row over the lines that have its SKU left; the last piece, or what is unmatched, takes the rest."""
        wanted, amount_left = -row.quantity, minor_units(-row.quantity, row.unit_price)
        pieces: list[_Piece] = []
        for line in self._lines_left(company_reference(row.customer), row.sku):
            taken = min(wanted, line.quantity_left)
            wanted -= taken
            amount = minor_units(taken, row.unit_price) if wanted else amount_left
            line.quantity_left -= taken
            amount_left -= amount
            pieces.append(_Piece(line, taken, amount))
            if not wanted:
                return pieces, None
        return pieces, _entry(row, -wanted, amount_left, UNMATCHED)

    def _lines_left(self, company: str, sku: str) -> list[OpenLine]:
        orders = self._orders.get((company, sku), [])
        return [line for lines in reversed(orders) for line in lines if line.quantity_left]


def _add(lines: dict[int, ReturnedLine], piece: _Piece, refund: int) -> None:
    earlier = lines.get(piece.line.position, ReturnedLine(piece.line.position, 0, 0))
    lines[piece.line.position] = ReturnedLine(
        piece.line.position, earlier.quantity + piece.quantity, earlier.refund + refund
    )


def _entry(row: TradeRow, quantity: int, amount: int, reason: str) -> LeftOut:
    return LeftOut(row.line, row.invoice, row.sku, quantity, amount, reason)
