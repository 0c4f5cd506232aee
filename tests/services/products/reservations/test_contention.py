"""Many concurrent orders of the same stock: never oversold, no unit left reserved for a refused order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from flask import Flask

from services.products.counts.documents import set_on_hand
from services.products.errors import OutOfStock
from services.products.reservations.documents import Reservation
from services.products.reservations.operations import release_stock, reserve_stock
from services.products.reservations.rules import ReservationStatus
from services.products.stock.documents import Stock
from services.products.stock.rules import SkuQuantity
from shared.base.errors import Problem
from tests.factories.products import level_of, make_product, open_ops

THREADS = 16


def at_once(app: Flask, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the tasks on 16 threads that start together; return what each returned, or the Problem it raised."""
    together = threading.Barrier(min(THREADS, len(tasks)))
    started = threading.local()

    def run(task: Callable[[], Any]) -> Any:
        if not hasattr(started, "yes"):
            started.yes = True
            together.wait(timeout=10)
        with app.app_context():
            try:
                return task()
            except Problem as refusal:
                return refusal

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, tasks))


def reserving(order_id: str, quantities: dict[str, int]) -> Callable[[], Any]:
    line_items = [SkuQuantity(sku, quantity) for sku, quantity in quantities.items()]
    return lambda: reserve_stock(order_id, line_items)


def assert_consistent(skus: Sequence[str]) -> None:
    """Nothing is negative, and `reserved` is the sum of the open holds."""
    for sku in skus:
        on_hand, reserved, available = level_of(sku)
        assert min(on_hand, reserved, available) >= 0
        assert on_hand - reserved == available
        held = [op.order_id for op in open_ops(sku)]
        assert reserved == sum(op.quantity for op in open_ops(sku))
        for order_id in held:
            found = Reservation.find(order_id)
            assert found is not None
            assert found.status == ReservationStatus.HELD


class TestHotSku:
    def test_sells_exactly_the_units_on_hand(self, products_app: Flask) -> None:
        make_product("HOT", stock=100)

        outcomes = at_once(products_app, [reserving(f"ord_{number}", {"HOT": 1}) for number in range(160)])

        assert sum(isinstance(outcome, list) for outcome in outcomes) == 100
        assert {type(outcome) for outcome in outcomes} == {list, OutOfStock}
        assert level_of("HOT") == (100, 100, 0)
        assert_consistent(["HOT"])

    def test_reserves_once_for_duplicate_requests(self, products_app: Flask) -> None:
        make_product("HOT", stock=100)

        outcomes = at_once(products_app, [reserving("ord_1", {"HOT": 7})] * 16)

        assert all(isinstance(outcome, list) for outcome in outcomes)
        assert level_of("HOT") == (100, 7, 93)

    def test_setting_on_hand_concurrently_loses_no_reservation(self, products_app: Flask) -> None:
        make_product("HOT", stock=1000)
        reservations = [reserving(f"ord_{number}", {"HOT": 1}) for number in range(60)]
        counts = [partial(set_on_hand, "HOT", 900 + number) for number in range(20)]

        at_once(products_app, [task for pair in zip(reservations, counts * 3, strict=True) for task in pair])

        assert level_of("HOT")[1] == 60
        assert_consistent(["HOT"])


class TestCrossedSkus:
    @pytest.mark.parametrize("attempt", range(5))
    def test_the_last_of_two_is_sold_to_one_order(self, products_app: Flask, attempt: int) -> None:
        make_product("X", stock=1)
        make_product("Y", stock=1)

        tasks = [
            reserving(f"ord_{number}", {"X": 1, "Y": 1} if number % 2 else {"Y": 1, "X": 1}) for number in range(16)
        ]
        outcomes = at_once(products_app, tasks)

        assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
        assert level_of("X") == level_of("Y") == (1, 1, 0)
        assert_consistent(["X", "Y"])

    def test_orders_of_three_sell_out_without_an_orphaned_unit(self, products_app: Flask) -> None:
        skus = ["P", "Q", "R"]
        for sku in skus:
            make_product(sku, stock=40)
        orders = [dict.fromkeys(skus[number % 3 :] + skus[: number % 3], 1) for number in range(64)]

        outcomes = at_once(
            products_app, [reserving(f"ord_{number}", quantities) for number, quantities in enumerate(orders)]
        )

        assert sum(isinstance(outcome, list) for outcome in outcomes) == 40
        assert_consistent(skus)


class TestReleaseDuringReservation:
    def test_leaves_either_all_held_or_nothing(self, products_app: Flask) -> None:
        make_product("A", stock=50)
        make_product("B", stock=50)
        tasks: list[Callable[[], Any]] = []
        for number in range(24):
            tasks.append(reserving(f"ord_{number}", {"A": 1, "B": 1}))
            tasks.append(partial(release_stock, f"ord_{number}"))

        at_once(products_app, tasks)

        assert level_of("A") == level_of("B") == (50, 0, 50)
        assert Stock.orders_holding(["A", "B"]) == set()
