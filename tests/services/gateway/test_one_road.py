"""One judge for every caller: the same outcomes open the breakers of a service, a portal and the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from shared.base import deadline
from shared.base.errors import Problem
from shared.calls.breaker import CircuitBreaker
from shared.calls.exchange import Request
from shared.calls.resilience import forget_upstreams, upstream
from shared.calls.service_client import ServiceClient
from shared.portal.transport import HttpTransport
from tests.services.gateway.upstreams import FakeUpstream, answer

CALLS = 40
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Caller:
    """A user of the road: `call` makes one call, `wait` one that lasts `seconds` at most, `hurry` one cut short."""

    call: Callable[[], object]
    wait: Callable[[float], object]
    hurry: Callable[[float], object]
    breaker: CircuitBreaker

    def fail(self, call: Callable[[], object], times: int = CALLS) -> None:
        for _ in range(times):
            try:
                call()
            except Problem:
                continue


@pytest.fixture
def orders(start_upstream: Callable[..., FakeUpstream]) -> FakeUpstream:
    return start_upstream()


@pytest.fixture(params=["service client", "portal", "gateway"])
def caller(request: pytest.FixtureRequest, orders: FakeUpstream) -> Iterator[Caller]:
    if request.param == "gateway":
        gateway = request.getfixturevalue("make_gateway")(orders_url=orders.url)
        buyer = request.getfixturevalue("api")(gateway, role="buyer")
        behind = gateway.extensions["gateway"]["upstreams"]["orders"]

        def wait(seconds: float) -> object:
            return behind.call(Request("GET", "/v1/orders", "", time.monotonic() + seconds))

        def hurry(seconds: float) -> object:
            return buyer.get("/api/v1/orders", headers={"X-Deadline-Ms": str(int(seconds * 1000))})

        yield Caller(lambda: buyer.get("/api/v1/orders"), wait, hurry, behind.upstream.breaker)
        return
    forget_upstreams()
    client = HttpTransport(orders.url) if request.param == "portal" else ServiceClient(orders.url, service="orders")

    def hurried(seconds: float) -> object:
        with deadline.start(seconds):
            return client.post("/v1/orders")

    yield Caller(
        lambda: client.post("/v1/orders"),
        lambda seconds: client.post("/v1/orders", timeout=seconds),
        hurried,
        upstream(client.service).breaker,
    )
    forget_upstreams()


def status(code: str, content_type: str = "text/plain") -> Callable[..., bytes]:
    return lambda *_: answer({}, status=code, content_type=content_type)


class TestAnswers:
    @pytest.mark.parametrize(
        ("code", "content_type"),
        [("500 X", PROBLEM), ("500 X", "text/html"), ("501 X", PROBLEM), ("429 X", PROBLEM), ("503 X", PROBLEM)],
    )
    def test_forty_leave_the_breaker_closed(self, code, content_type, caller, orders):
        orders.respond = status(code, content_type)

        caller.fail(caller.call)

        assert len(orders.received) == CALLS
        assert caller.breaker.state == "closed"

    def test_timeouts_of_a_caller_in_a_hurry_say_nothing(self, caller, orders):
        orders.respond = lambda *_: time.sleep(0.05)

        caller.fail(lambda: caller.hurry(0.02), times=25)

        assert caller.breaker.state == "closed"

    def test_a_504_within_a_callers_own_short_deadline_says_nothing(self, caller, orders):
        orders.respond = status("504 X", PROBLEM)

        caller.fail(lambda: caller.hurry(0.8))

        assert len(orders.received) == CALLS
        assert caller.breaker.state == "closed"


class TestFailures:
    @pytest.mark.parametrize(
        "fault",
        [status("502 X"), status("503 X"), status("504 X", PROBLEM), lambda *_: None, lambda *_: b"nonsense\r\n\r\n"],
        ids=["502", "503 of a proxy", "504", "broken connection", "nonsense"],
    )
    def test_forty_open_the_breaker(self, fault, caller, orders):
        orders.respond = fault

        caller.fail(caller.call)

        # The gateway's call is safe: a hang-up is repeated once, and the two count as one failure.
        assert len([request for request in orders.received if not request.all("x-retried")]) == 20
        assert caller.breaker.state == "open"

    def test_forty_timeouts_open_the_breaker(self, caller, orders):
        orders.respond = lambda *_: time.sleep(0.03)

        caller.fail(lambda: caller.wait(0.02))

        assert len(orders.received) <= 20
        assert caller.breaker.state == "open"

    def test_nothing_listening_opens_the_breaker(self, caller, orders):
        orders.close()

        caller.fail(caller.call)

        assert caller.breaker.state == "open"
