"""The adaptive limit against simulated upstreams: how many calls at once it finds, and how it forgets."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from shared.calls.adaptive import AdaptiveLimit

FLOOR, CEILING = 16, 256
READ = "GET /v1/products"


def one_core(seconds: float) -> Callable[[int], float]:
    """An upstream that does one thing at a time: n calls at once take n times as long."""
    return lambda under_way: seconds * under_way


def waits(seconds: float, at_once: int = 10_000) -> Callable[[int], float]:
    """An upstream that waits for others, for up to `at_once` calls at a time."""
    return lambda under_way: seconds * max(1.0, under_way / at_once)


def drive(limit: AdaptiveLimit, latency: Callable[[int], float], clients: int, calls: int, route: str = READ) -> int:
    """Let `clients` call as often as they may; return the number of places in the end."""
    for _ in range(calls):
        under_way = max(1, min(clients, limit.places))
        limit.observe(route, latency(under_way) * random.uniform(0.9, 1.3), under_way=under_way)
    return limit.places


class TestAdaptiveLimit:
    def test_starts_with_twice_the_threads_of_the_service(self):
        assert AdaptiveLimit(FLOOR, CEILING).places == 2 * FLOOR
        assert AdaptiveLimit(FLOOR, 4).places == 4

    def test_grows_while_latency_stays_as_it_is(self):
        limit = AdaptiveLimit(FLOOR, CEILING)
        drive(limit, waits(0.1), clients=1, calls=50)

        # Three windows, about a third of a second.
        assert drive(limit, waits(0.1), clients=200, calls=300) >= 200

    def test_never_exceeds_its_ceiling(self):
        assert drive(AdaptiveLimit(FLOOR, 40), waits(0.1), clients=200, calls=5_000) == 40

    def test_does_not_grow_without_need(self):
        assert drive(AdaptiveLimit(FLOOR, CEILING), waits(0.1), clients=4, calls=5_000) <= 2 * FLOOR

    def test_leaves_a_service_with_one_core_its_threads(self):
        limit = AdaptiveLimit(FLOOR, CEILING)
        drive(limit, one_core(0.003), clients=2, calls=50)

        assert drive(limit, one_core(0.003), clients=64, calls=20_000) < 1.5 * FLOOR

    @pytest.mark.parametrize("capacity", [32, 64, 128])
    def test_finds_the_capacity_of_a_service(self, capacity):
        limit = AdaptiveLimit(FLOOR, CEILING)
        drive(limit, waits(0.02, capacity), clients=2, calls=50)

        found = drive(limit, waits(0.02, capacity), clients=300, calls=30_000)

        assert capacity <= found <= 2.5 * capacity

    def test_shrinks_when_the_service_becomes_slow_and_recovers(self):
        limit = AdaptiveLimit(FLOOR, CEILING)
        drive(limit, waits(0.02), clients=2, calls=50)
        assert drive(limit, waits(0.02), clients=200, calls=5_000) > 150

        assert drive(limit, waits(0.2), clients=200, calls=3_000) < 32
        assert drive(limit, waits(0.02), clients=200, calls=5_000) > 150

    def test_shrinks_when_calls_fail(self):
        limit = AdaptiveLimit(FLOOR, CEILING)
        drive(limit, waits(0.02), clients=200, calls=5_000)

        for _ in range(2_000):
            limit.observe(READ, 0.001, under_way=100, has_failed=True)

        assert limit.places == FLOOR

    def test_compares_each_route_with_itself(self):
        limit = AdaptiveLimit(FLOOR, CEILING)
        for _ in range(50):
            limit.observe(READ, 0.005, under_way=1)
            limit.observe("POST /v1/orders", 0.5, under_way=1)

        for _ in range(5_000):
            under_way = limit.places
            limit.observe(READ, 0.005, under_way=under_way)
            limit.observe("POST /v1/orders", 0.5, under_way=under_way)

        assert limit.places > 150

    def test_one_slow_start_is_no_measure(self):
        limit = AdaptiveLimit(FLOOR, CEILING)
        limit.observe(READ, 1.0, under_way=1)

        drive(limit, one_core(0.003), clients=2, calls=50)

        assert drive(limit, one_core(0.003), clients=64, calls=20_000) < 1.5 * FLOOR
