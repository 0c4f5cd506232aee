"""A service that closes its connections without a response, as one that stops does: who repeats which request."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.base.errors import Problem
from shared.calls.resilience import forget_upstreams
from shared.calls.service_client import ServiceClient
from shared.portal.transport import HttpTransport
from tests.services.gateway.upstreams import FakeUpstream, Received, answer

Call = Callable[[str, bool], int]


@pytest.fixture
def orders(start_upstream: Callable[..., FakeUpstream]) -> FakeUpstream:
    return start_upstream()


@pytest.fixture(params=["service client", "portal", "gateway"])
def call(request: pytest.FixtureRequest, orders: FakeUpstream) -> Iterator[Call]:
    """Return a call of orders by its method and whether it has a key; it returns the status."""
    if request.param == "gateway":
        gateway = request.getfixturevalue("make_gateway")(orders_url=orders.url)
        bearer = {"Authorization": f"Bearer {request.getfixturevalue('tokens').user('buyer')}"}

        def through_gateway(method: str, is_keyed: bool) -> int:
            headers = {**bearer, "Idempotency-Key": "k-1" if is_keyed else ""}
            return gateway.test_client().open("/api/v1/orders", method=method, headers=headers).status_code

        yield through_gateway
        return
    forget_upstreams()
    client = HttpTransport(orders.url) if request.param == "portal" else ServiceClient(orders.url, service="orders")

    def by_client(method: str, is_keyed: bool) -> int:
        try:
            return client.request(method, "/v1/orders", idempotency_key="k-1" if is_keyed else None).status
        except Problem as problem:
            return problem.status

    yield by_client
    forget_upstreams()


def closes(connection: socket.socket, _: Received) -> None:
    """Close the connection without a byte."""


def resets(connection: socket.socket, _: Received) -> None:
    """Reset the connection without a byte."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def first(fault: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """Return a service that hangs up on the first `times` requests that are sent for the first time."""
    left = [times]

    def respond(connection: socket.socket, request: Received) -> bytes | None:
        if left[0] and not request.all("x-retried"):
            left[0] -= 1
            fault(connection, request)
            return None
        return answer({}, extra="Connection: close\r\n")

    return respond


class TestHangUp:
    @pytest.mark.parametrize("fault", [closes, resets])
    @pytest.mark.parametrize(("method", "is_keyed"), [("GET", False), ("POST", True)])
    def test_safe_and_keyed_requests_are_sent_once_more(self, call, orders, fault, method, is_keyed):
        orders.respond = first(fault)

        assert call(method, is_keyed) == 200
        assert [request.all("x-retried") for request in orders.received] == [[], ["1"]]
        assert len({request.body for request in orders.received}) == 1

    def test_a_write_without_a_key_is_not(self, call, orders):
        orders.respond = closes

        assert call("POST", False) in (502, 503)
        assert len(orders.received) == 1

    def test_no_request_is_sent_three_times(self, call, orders):
        orders.respond = closes

        assert call("GET", False) in (502, 503)
        assert len(orders.received) == 2

    def test_half_a_response_is_no_hang_up(self, call, orders):
        orders.respond = lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")

        assert call("POST", False) in (502, 503)
        assert len(orders.received) == 1

    def test_of_many_in_a_row_none_is_lost(self, call, orders):
        """More than the retry budget allows: a service that stops hangs up on all of its callers at once."""
        orders.respond = first(closes, times=15)

        assert [call("GET", False) for _ in range(15)] == [200] * 15
