"""The order list over 100,000 orders: each search and filter as a multiple of the plain list, measured in one run."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from services.orders.finding.documents import orders_page
from services.orders.finding.rules import OrdersFilter
from services.orders.orders.documents import Order
from services.orders.orders.rules import OrderLine, OrderStatus, search_terms
from shared.base.ids import first_id_at
from shared.data import persistence
from shared.data.struct_fields import to_stored
from tools.stores import started

ORDERS = 100_000
COMPANIES = 500
PRODUCTS = 5_000
LINES = 10
PER_INSERT = 1_000
FILL_SECONDS = 900.0
ROUNDS = 30
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EACH = timedelta(minutes=4)
PLAIN = "plain"
# Each may take this multiple of the plain list.
BOUND = 5.0


def company(number: int) -> str:
    """Return the company of an order: one has a third of all orders, the others share the rest."""
    return "cmp_0" if number % 3 == 0 else f"cmp_{number % COMPANIES}"


def order(number: int) -> dict[str, Any]:
    """Return a stored order of ten lines."""
    placed_at = BEGAN + number * EACH
    lines = [
        OrderLine(
            f"SKU-{(number * LINES + place) % PRODUCTS:05}",
            3,
            line_id=str(place),
            name="A product",
            unit_amount="250",
            total_amount=750,
        )
        for place in range(1, LINES + 1)
    ]
    named = {"number": f"SO-{number:06}", "po_number": f"PO-{number * 7:07}", "reference": f"ERP-{number * 3:07}"}
    return {
        "_id": f"{first_id_at('ord', placed_at)[:-6]}{number:06}",
        **named,
        "company_id": company(number),
        "placed_by": "usr_1",
        "ordered_on": placed_at.date().isoformat(),
        "status": (OrderStatus.SHIPPED if number % 10 else OrderStatus.CONFIRMED).value,
        "currency": "GBP",
        "total_amount": 750 * LINES,
        "line_items": [to_stored(line) for line in lines],
        "search_terms": search_terms(named.values(), lines),
        "idempotency_key": f"key_{number}",
        "version": 1,
        "created_at": placed_at,
        "updated_at": placed_at,
    }


def cases() -> Iterator[tuple[str, OrdersFilter, dict[str, str]]]:
    """Return what is measured: its name, the filter, and the scope of the reader."""
    end = BEGAN + ORDERS * EACH
    middle = f"so-{ORDERS // 2:06}"
    yield PLAIN, OrdersFilter(), {}
    yield "one number", OrdersFilter(q=middle), {}
    yield "a SKU (200 orders)", OrdersFilter(q="sku-00042"), {}
    yield "a PO number's beginning (1,500 orders)", OrdersFilter(q="po-000"), {}
    yield "what all orders have", OrdersFilter(q="sku"), {}
    yield "what all orders have, one company", OrdersFilter(q="sku"), {"company_id": "cmp_7"}
    yield "one number, one company", OrdersFilter(q=middle), {"company_id": company(ORDERS // 2)}
    yield "changed since an hour", OrdersFilter(updated_after=end - timedelta(hours=1)), {}
    yield "changed since ever", OrdersFilter(updated_after=BEGAN), {}
    yield "two states", OrdersFilter(statuses=["confirmed", "partially_shipped"]), {}
    yield "a month", OrdersFilter(ordered_from=date(2026, 5, 1), ordered_to=date(2026, 5, 31)), {}
    yield "plain, with its total", OrdersFilter(with_total=True), {}


def seconds(call: Callable[[], object]) -> float:
    """Return the median of many calls, after two that warm up."""
    taken = []
    for _ in range(ROUNDS + 2):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[2:])


def main() -> int:
    """Fill a store of its own, print the table, and return 1 when a list is slower than its bound."""
    with tempfile.TemporaryDirectory(prefix="tradepost-lists-") as folder, started(Path(folder)) as stores:
        persistence.connect("orders", stores.mongodb_url("orders"))
        persistence.ensure_indexes("orders")
        with persistence.building_indexes(FILL_SECONDS):
            for first in range(0, ORDERS, PER_INSERT):
                rows = [order(number) for number in range(first, first + PER_INSERT)]
                Order.collection().insert_many(rows, ordered=False)
        found: dict[str, float] = {}
        for name, wanted, scope in cases():
            found[name] = seconds(lambda wanted=wanted, scope=scope: orders_page(wanted, scope, []))  # type: ignore[misc]
            ratio = found[name] / found[PLAIN]
            sys.stdout.write(f"{name:<42}{found[name] * 1000:>9.2f} ms{ratio:>8.1f}x\n")
        persistence.disconnect("orders")
    return int(any(each > BOUND * found[PLAIN] for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())
