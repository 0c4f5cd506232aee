"""Other services in memory: they keep state, and can be slow, unavailable, or crash before or after the effect."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.orders.clients import PaymentAnswer, Reservation, ReservationPage
from services.orders.errors import OrderNumberTaken, OutOfStock, Shortage
from services.orders.fulfillment.rules import KnownPayments, KnownReservations, SettledOrder
from services.orders.orders.rules import Offer, SkuQuantity, units_per_sku
from shared.base.money import UnitPrice
from shared.calls.resilience import UpstreamUnavailable


class ProcessKilled(BaseException):
    """Our own process crashes at this call: no handler of ours may catch it."""


def timeout_of(service: str) -> UpstreamUnavailable:
    return UpstreamUnavailable(service, "timeout")


@dataclass
class Faults:
    """What goes wrong, by method name: `plan("reserve", timeout_of("products"), is_done=True)` loses the answer."""

    planned: dict[str, list[tuple[BaseException, bool]]] = field(default_factory=lambda: defaultdict(list))
    delays: dict[str, float] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def plan(self, method: str, failure: BaseException, *, is_done: bool = False, times: int = 1) -> None:
        self.planned[method] += [(failure, is_done)] * times

    def before(self, method: str) -> BaseException | None:
        """Raise a failure that comes before the effect; return one that is to be raised after it."""
        self.calls.append(method)
        time.sleep(self.delays.get(method, 0.0))
        if not self.planned[method]:
            return None
        failure, is_done = self.planned[method].pop(0)
        if not is_done:
            raise failure
        return failure


def after(failure: BaseException | None) -> None:
    if failure is not None:
        raise failure


class FakeProducts:
    """A catalog with stock: `offers` by SKU, `on_hand` (None: not stocked), `held` per order."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.offers: dict[str, dict[str, Any]] = {}
        self.on_hand: dict[str, int | None] = {}
        self.held: dict[str, dict[str, int]] = {}
        self.held_at: dict[str, datetime] = {}
        self.released: set[str] = set()
        self.numbers: dict[int, str] = {}
        self._decided: dict[str, tuple[dict[str, int], OutOfStock | None]] = {}
        self._lock = threading.Lock()

    def add(
        self,
        sku: str,
        amount: int | str = 250,
        *,
        on_hand: int | None = 1000,
        currency: str = "GBP",
        is_active: bool = True,
        breaks: Mapping[int, int | str] | None = None,
    ) -> None:
        prices = {1: amount, **(breaks or {})}
        self.offers[sku] = {"name": f"Product {sku}", "prices": prices, "currency": currency, "is_active": is_active}
        self.on_hand[sku] = on_hand

    def available(self, sku: str) -> int | None:
        on_hand = self.on_hand[sku]
        return None if on_hand is None else on_hand - sum(units.get(sku, 0) for units in self.held.values())

    def prices(self, line_items: Sequence[SkuQuantity]) -> list[Offer | None]:
        late = self.faults.before("prices")
        units = units_per_sku(line_items)
        offers = [self._offer(line.sku, units[line.sku]) for line in line_items]
        after(late)
        return offers

    def _offer(self, sku: str, quantity: int) -> Offer | None:
        known = self.offers.get(sku)
        if known is None:
            return None
        step = max(minimum for minimum in known["prices"] if minimum <= quantity)
        return Offer(
            name=known["name"],
            unit_price=UnitPrice(Decimal(str(known["prices"][step])), known["currency"]),
            is_active=known["is_active"],
            available=self.available(sku),
        )

    def reserve(self, order_id: str, units: Mapping[str, int], *, order_number: int | None = None) -> None:
        late = self.faults.before("reserve")
        with self._lock:
            if order_number is not None and self.numbers.setdefault(order_number, order_id) != order_id:
                raise OrderNumberTaken(f"The number {order_number} belongs to another order", max(self.numbers))
            self._decide(order_id, units)
        after(late)

    def _decide(self, order_id: str, units: Mapping[str, int]) -> None:
        """Decide once per order: a repeat gets the first decision, other quantities or a released order a refusal."""
        wanted, refusal = self._decided.get(order_id, (dict(units), None))
        if order_id in self.released or wanted != dict(units):
            raise UpstreamUnavailable("products", "refused_409", is_retryable=False)
        if refusal is None and order_id not in self._decided:
            try:
                self._hold(order_id, units)
            except OutOfStock as short:
                refusal = short
            self._decided[order_id] = (wanted, refusal)
        if refusal is not None:
            raise refusal

    def _hold(self, order_id: str, units: Mapping[str, int]) -> None:
        available = {sku: self.available(sku) for sku in units}
        shortages = [
            Shortage(sku, quantity, left)
            for sku, quantity in units.items()
            if (left := available[sku]) is not None and left < quantity
        ]
        if shortages:
            raise OutOfStock(shortages)
        self.held[order_id] = {sku: quantity for sku, quantity in units.items() if available[sku] is not None}
        self.held_at[order_id] = datetime.now(UTC)

    def release(self, order_id: str) -> None:
        late = self.faults.before("release")
        self.released.add(order_id)
        self.held.pop(order_id, None)
        after(late)

    def compare(self, order_ids: Sequence[str]) -> KnownReservations:
        self.faults.before("compare")
        unknown = [each for each in order_ids if each not in self._decided]
        return KnownReservations(
            max(self.numbers, default=None), unknown, [each for each in order_ids if each in self.held]
        )

    def reservations(self, *, before: str, cursor: str | None) -> ReservationPage:
        self.faults.before("reservations")
        moment = datetime.fromisoformat(before)
        old = sorted(order_id for order_id in self.held if self.held_at[order_id] < moment)
        left = [order_id for order_id in old if cursor is None or order_id > cursor]
        page = [Reservation(order_id) for order_id in left[:2]]
        return ReservationPage(page, page[-1].order_id if len(left) > 2 else None)


class FakeUsers:
    """Companies by id, each with its name."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.companies: dict[str, str] = {}

    def companies_named(self, q: str) -> list[str]:
        failure = self.faults.before("companies_named")
        words = q.split()
        found = [
            company_id
            for company_id, name in sorted(self.companies.items())
            if all(any(part.startswith(word) for part in name.lower().split()) for word in words)
        ]
        after(failure)
        return found


class FakePayments:
    """Payments keyed by order: `tok_ok` is authorised, `tok_declined` declined, `tok_slow` pending until decided."""

    STATUSES = {"tok_ok": "authorized", "tok_declined": "declined", "tok_slow": "pending"}

    def __init__(self) -> None:
        self.faults = Faults()
        self.payments: dict[str, dict[str, Any]] = {}
        self.charges = 0
        self.decline_code = "card_declined"
        self._lock = threading.Lock()

    def compare(self, order_ids: Sequence[str]) -> KnownPayments:
        self.faults.before("compare")
        settled = [
            SettledOrder(each, self.payments[each].get("captured", 0), self.payments[each].get("refunded", 0))
            for each in order_ids
            if each in self.payments
        ]
        return KnownPayments(settled, list(self.payments))

    def authorize(self, *, order_id: str, company_id: str, amount: int, currency: str, token: str) -> PaymentAnswer:
        late = self.faults.before("authorize")
        with self._lock:
            payment = self.payments.get(order_id)
            if payment is None:
                self.charges += 1
                payment = {"id": f"pay_{self.charges}", "amount": amount, "status": self.STATUSES[token]}
                self.payments[order_id] = payment
        after(late)
        if payment["amount"] != amount:
            return PaymentAnswer("declined", reason="payment-differs")
        reason = self.decline_code if payment["status"] == "declined" else None
        return PaymentAnswer(payment["status"], payment["id"], reason)
