"""The trade itself: each company's orders, shipments and returns, one after the other."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.base.money import minor_units
from tools.replay.api import Api, Refused, TokenSource, Unreachable
from tools.replay.catalog import CURRENCY
from tools.replay.known import KnownOrder
from tools.replay.planned import PlannedLine, PlannedOrder, PlannedReturn, Step
from tools.replay.progress import Progress

PAYMENT = {"method": "card", "token": "tok_ok"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A step the platform did not take; the reconciliation will differ by it."""

    company: str
    reference: str
    reason: str


class CompanyTrade:
    """
    One company's steps in file order.

    `advance()` goes as far as it can; False means that it waits for the platform (a capture, an order on its way)
    and is to be polled again later, so that the thread can serve another company.
    """

    def __init__(
        self,
        company: str,
        steps: Iterable[Step],
        known: dict[str, KnownOrder],
        *,
        api: Api,
        admin: TokenSource,
        rep: TokenSource,
        progress: Progress,
        patience_seconds: float,
    ) -> None:
        self.company = company
        self.failures: list[Failure] = []
        # How often the step at hand was found to be waiting.
        self.looks = 0
        self._steps = deque(steps)
        self._known = known
        self._api, self._admin, self._rep, self._progress = api, admin, rep, progress
        self._patience_seconds = patience_seconds
        self._waiting_since: float | None = None
        self._placed_here: set[str] = set()

    def advance(self) -> bool:
        while self._steps:
            step = self._steps[0]
            try:
                is_done = self._order(step) if isinstance(step, PlannedOrder) else self._return(step)
            except (Refused, Unreachable) as cause:
                is_done = self._fail(step, str(cause))
            if not is_done and not self._has_waited_too_long(step):
                self.looks += 1
                return False
            self._waiting_since, self.looks = None, 0
            self._steps.popleft()
        return True

    def _order(self, order: PlannedOrder) -> bool:
        """Place and ship one order unless that is done; False while the platform has not decided on it."""
        known = self._known.get(order.reference)
        if known is not None and known.is_undecided:
            known = self._reread(known)
        if known is None or known.is_gone:
            known = self._place(order)
        if known.is_undecided:
            return False
        self._progress.count("orders", is_new=order.reference in self._placed_here)
        if known.is_shippable:
            self._ship(known)
        self._progress.count("shipped")
        return True

    def _place(self, order: PlannedOrder) -> KnownOrder:
        body: dict[str, Any] = {
            "reference": order.reference,
            "ordered_on": order.ordered_on.isoformat(),
            "line_items": [_line_item(line) for line in order.lines],
        }
        if order.total:
            body["payment"] = PAYMENT
        answer = self._api.post("place order", "/orders", body, self._rep, keyed=True)
        self._placed_here.add(order.reference)
        return self._remember(answer.body)

    def _ship(self, known: KnownOrder) -> None:
        reference = f"{known.reference}-{known.shipments + 1}"
        path = f"/orders/{known.id}/shipments"
        self._api.post("ship order", path, {"reference": reference}, self._admin, keyed=True)

    def _return(self, planned: PlannedReturn) -> bool:
        """Take one return of an order once that order is captured; False while it is not."""
        known = self._known.get(planned.order_reference)
        if known is None or known.is_gone:
            return self._fail(planned, f"the order {planned.order_reference} was not placed")
        if planned.reference in known.returns:
            self._progress.count("returns")
            return True
        if not known.is_captured or not known.is_shipped:
            known = self._reread(known)
        if not known.is_captured or not known.is_shipped:
            return False
        self._api.post(
            "return order", f"/orders/{known.id}/returns", _return_body(planned, known), self._admin, keyed=True
        )
        self._progress.count("returns")
        return True

    def _reread(self, known: KnownOrder) -> KnownOrder:
        return self._remember(self._api.get("get order", f"/orders/{known.id}", self._admin))

    def _remember(self, order: dict[str, Any]) -> KnownOrder:
        known = KnownOrder.from_json(order)
        self._known[known.reference] = known
        return known

    def _fail(self, step: Step, reason: str) -> bool:
        self.failures.append(Failure(self.company, step.reference, reason))
        self._progress.count("failed")
        return True

    def _has_waited_too_long(self, step: Step) -> bool:
        """Start the wait for a step, or end it as a failure when the platform had its time."""
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        if now - self._waiting_since < self._patience_seconds:
            return False
        return self._fail(step, f"the platform was not ready for it within {self._patience_seconds:.0f} s")


def _line_item(line: PlannedLine) -> dict[str, Any]:
    price = {"amount": unit_price_amount(line.unit_price), "currency": CURRENCY}
    return {"sku": line.sku, "quantity": line.quantity, "unit_price": price}


def unit_price_amount(unit_price: Decimal) -> str:
    """Return a price in minor units, as the API writes it."""
    return f"{minor_units(unit_price, CURRENCY).normalize():f}"


def _return_body(planned: PlannedReturn, known: KnownOrder) -> dict[str, Any]:
    return {
        "reference": planned.reference,
        "returned_on": planned.returned_on.isoformat(),
        "line_items": [
            {
                "line_id": known.line_ids[line.position],
                "quantity": line.quantity,
                "refund_amount": {"amount": line.refund, "currency": CURRENCY},
            }
            for line in planned.lines
        ],
    }
