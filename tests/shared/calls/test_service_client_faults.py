"""Upstreams that are slow, down, overloaded or break connections, over real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.base import deadline
from shared.calls.resilience import upstream
from shared.calls.service_client import ServiceClient, UpstreamUnavailable
from tests.shared.faulty_server import FaultyServer, Reply


@pytest.fixture
def products(server: FaultyServer) -> ServiceClient:
    return ServiceClient(server.url, service="products")


def refusal_of(call: Callable[[], object]) -> UpstreamUnavailable:
    with pytest.raises(UpstreamUnavailable) as refusal:
        call()
    return refusal.value


class TestRetry:
    @pytest.mark.parametrize("fault", [Reply(500), Reply(503), Reply(hang_up=True)])
    def test_repeats_a_safe_call_once(self, server, products, fault):
        server.queue = [fault]
        server.default = Reply(body={"ok": True})

        assert products.get("/v1/products") == {"ok": True}
        assert [request.headers.get("x-retried") for request in server.received] == [None, "1"]

    def test_repeats_a_keyed_post_but_no_other(self, server, products):
        server.default = Reply(500)

        refusal_of(lambda: products.post("/v1/orders", {}))
        assert len(server.received) == 1
        refusal_of(lambda: products.post("/v1/orders", {}, idempotency_key="k"))
        assert len(server.received) == 3

    def test_gives_up_after_one_and_marks_the_answer(self, server, products):
        server.default = Reply(500)

        refusal = refusal_of(lambda: products.get("/v1/products"))

        assert len(server.received) == 2
        assert (refusal.status, refusal.reason, refusal.upstream) == (503, "status_500", "products")
        assert refusal.headers == {"Retry-After": "2", "X-Retried": "1"}

    def test_leaves_alone_what_was_retried_below(self, server, products):
        server.default = Reply(503, {}, {"X-Retried": "1"})

        refusal = refusal_of(lambda: products.get("/v1/products"))

        assert len(server.received) == 1
        assert refusal.headers["X-Retried"] == "1"

    def test_comes_back_no_sooner_than_asked(self, server, products):
        server.default = Reply(503, {}, {"Retry-After": "7"})

        refusal = refusal_of(lambda: products.get("/v1/products"))

        assert len(server.received) == 1
        assert refusal.headers["Retry-After"] == "7"

    def test_adds_at_most_a_tenth_of_load_to_a_dead_upstream(self, server, products):
        products._upstream.limits = replace(products._upstream.limits, breaker_calls=10_000)
        products._upstream.breaker._limits = products._upstream.limits
        server.default = Reply(500)

        for _ in range(100):
            refusal_of(lambda: products.get("/v1/products"))

        assert 100 <= len(server.received) <= 112


class TestStaleConnection:
    def test_repeats_a_safe_call_on_a_fresh_one(self, server, products):
        server.default = Reply(body={"ok": True})
        products.get("/v1/products")
        server.queue = [Reply(hang_up=True)]

        assert products.get("/v1/products") == {"ok": True}
        assert server.connections == 2
        assert server.received[-1].headers.get("x-retried") is None

    def test_does_not_repeat_a_post_without_a_key(self, server, products):
        products.get("/v1/products")
        server.queue = [Reply(hang_up=True)]

        assert refusal_of(lambda: products.post("/v1/orders", {})).reason == "connection"
        assert [request.method for request in server.received] == ["GET", "POST"]

    def test_notices_what_the_server_closed_before(self, server, products):
        server.default = Reply(closes_after=True)
        for _ in range(3):
            products.post("/v1/orders", {})
            time.sleep(0.02)

        assert server.connections == 3


class TestTime:
    def test_waits_no_longer_than_the_deadline(self, server, products):
        server.default = Reply(wait_seconds=0.6)
        started_at = time.monotonic()

        with deadline.start(0.2):
            refusal = refusal_of(lambda: products.get("/v1/products"))

        assert refusal.reason == "timeout"
        assert time.monotonic() - started_at < 0.5

    def test_waits_no_longer_for_an_upstream_that_drips(self, server, products):
        server.default = Reply(body={"text": "x" * 100}, drip_seconds=0.05)
        started_at = time.monotonic()

        assert refusal_of(lambda: products.post("/v1/x", timeout=0.3)).reason == "timeout"
        assert time.monotonic() - started_at < 0.6

    def test_blames_the_upstream_only_when_it_had_time(self, server, products):
        server.default = Reply(wait_seconds=0.05)
        for _ in range(25):
            with deadline.start(0.02):
                refusal_of(lambda: products.post("/v1/x", timeout=2.0))

        assert upstream("products").breaker.state == "closed"


class TestDeadUpstream:
    def test_is_unavailable_at_once(self, server, products):
        server.close()
        started_at = time.monotonic()

        refusal = refusal_of(lambda: products.get("/v1/products"))

        assert (refusal.status, refusal.reason) == (503, "connection")
        assert time.monotonic() - started_at < 0.5

    def test_may_pass_on_that_another_is_away_without_being_cut_off(self, server, products):
        server.default = Reply(503)
        for _ in range(25):
            refusal_of(lambda: products.post("/v1/x"))
        server.default = Reply(body={"ok": True})

        assert products.get("/v1/products") == {"ok": True}

    def test_is_not_called_while_the_breaker_is_open(self, server, products):
        server.default = Reply(502)
        for _ in range(20):
            refusal_of(lambda: products.post("/v1/x"))
        seen = len(server.received)

        refusal = refusal_of(lambda: products.get("/v1/products"))

        assert refusal.reason == "breaker_open"
        assert 1 <= int(refusal.headers["Retry-After"]) <= 5
        assert len(server.received) == seen

    def test_does_not_take_its_neighbours_along(self, server, products, start_server):
        server.default = Reply(502)
        for _ in range(25):
            refusal_of(lambda: products.post("/v1/x"))

        assert ServiceClient(start_server().url, service="payments").get("/v1/payments") == {}


class TestBulkhead:
    def test_refuses_the_call_too_many_after_a_share_of_its_time(self, server):
        products = ServiceClient(server.url, service="products")
        places = products._limits.bulkhead
        entered = threading.Semaphore(0)
        leave = threading.Event()

        def hold(_: object) -> Reply:
            entered.release()
            leave.wait(5)
            return Reply()

        server.default = hold
        threads = [threading.Thread(target=products.post, args=("/v1/slow",)) for _ in range(places)]
        for thread in threads:
            thread.start()
        for _ in range(places):
            entered.acquire(timeout=5)

        started_at = time.monotonic()
        refusal = refusal_of(lambda: products.get("/v1/products", timeout=0.5))
        waited = time.monotonic() - started_at
        leave.set()
        for thread in threads:
            thread.join()

        assert refusal.reason == "bulkhead_full"
        assert waited < 0.25
