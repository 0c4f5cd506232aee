"""Upstreams that fail on demand, and a clock that tests advance."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.calls.connections import close_pools
from shared.calls.resilience import forget_upstreams
from tests.shared.faulty_server import FaultyServer


class Ticker:
    """A monotonic clock in a test's hand: `ticker.advance(5)`; call it to read it, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def ticker() -> Ticker:
    return Ticker()


@pytest.fixture
def start_server() -> Iterator[Callable[[], FaultyServer]]:
    """Return a function that starts one more server; all are stopped afterwards, breakers and pools forgotten."""
    running: list[FaultyServer] = []

    def start() -> FaultyServer:
        running.append(FaultyServer())
        return running[-1]

    forget_upstreams()
    yield start
    close_pools()
    forget_upstreams()
    for server in running:
        server.close()


@pytest.fixture
def server(start_server: Callable[[], FaultyServer]) -> FaultyServer:
    return start_server()
