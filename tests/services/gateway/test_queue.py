"""More calls than places at one service: a short wait, checkout first, and quick refusals under overload."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.gateway.upstreams import answer

BROWSE = "/api/v1/products"


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(64) as pool:
        yield pool


def wait_until(is_true):
    give_up_at = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < give_up_at
        time.sleep(0.002)


def slow(seconds: float):
    def respond(*_):
        time.sleep(seconds)
        return answer({"items": []})

    return respond


class TestQueue:
    def test_calls_above_the_places_wait_for_one(self, crowd, make_gateway, api, start_upstream):
        client = api(make_gateway(products_url=start_upstream(slow(0.02)).url, upstream_places=8))

        statuses = list(crowd.map(lambda _: client.get(BROWSE).status_code, range(32)))

        assert statuses == [200] * 32

    def test_a_waiting_checkout_is_served_before_others(self, crowd, make_gateway, api, start_upstream):
        release = threading.Event()
        orders = start_upstream(lambda *_: release.wait(10) and answer({}))
        gateway = make_gateway(orders_url=orders.url, upstream_places=1)
        client = api(gateway)
        places = gateway.extensions["gateway"]["upstreams"]["orders"].upstream.bulkhead
        calls = [crowd.submit(client.get, "/api/v1/orders/ord_1")]
        wait_until(lambda: orders.received)
        later = [("GET", "/api/v1/orders"), ("PUT", "/api/v1/cart"), ("POST", "/api/v1/orders")]
        for waiting, (method, path) in enumerate(later, 1):
            calls.append(crowd.submit(client.request, method, path))
            wait_until(lambda waiting=waiting: places.waiting == waiting)

        release.set()

        assert [call.result(10).status_code for call in calls] == [200] * 4
        order = [(request.method, request.target) for request in orders.received]
        assert order[1:] == [("POST", "/v1/orders"), ("GET", "/v1/orders"), ("PUT", "/v1/cart")]

    def test_the_service_reads_the_time_that_is_left_after_the_wait(self, crowd, make_gateway, api, start_upstream):
        upstream = start_upstream(slow(0.2))
        client = api(make_gateway(orders_url=upstream.url, upstream_places=1))

        calls = [crowd.submit(client.get, "/api/v1/orders", headers={"X-Deadline-Ms": "4000"}) for _ in range(2)]

        assert [call.result(5).status_code for call in calls] == [200, 200]
        first, second = (int(request.header("x-deadline-ms") or 0) for request in upstream.received)
        assert first > 3900
        assert second < 3850


class TestOverload:
    def test_refuses_in_under_50_ms_and_says_when_to_come_back(self, crowd, make_gateway, api, start_upstream):
        client = api(make_gateway(products_url=start_upstream(slow(0.1)).url, upstream_places=2))
        for _ in range(10):  # the pace is known after the first calls
            client.get(BROWSE)
        busy = [crowd.submit(client.get, BROWSE, headers={"X-Deadline-Ms": "2000"}) for _ in range(24)]
        wait_until(lambda: any(each.done() and each.result().status_code == 503 for each in busy))

        started_at = time.perf_counter()
        refused = client.get(BROWSE, headers={"X-Deadline-Ms": "1000"})
        seconds = time.perf_counter() - started_at

        assert (refused.status_code, refused.json["type"]) == (503, "/problems/upstream-busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert seconds < 0.05
        assert {each.result(5).status_code for each in busy} == {200, 503}

    def test_leaves_other_services_alone(self, crowd, make_gateway, api, start_upstream):
        client = api(make_gateway(products_url=start_upstream(slow(0.3)).url, upstream_places=2))
        busy = [crowd.submit(client.get, BROWSE) for _ in range(32)]

        started_at = time.perf_counter()
        assert client.get("/api/v1/orders").status_code == 200
        assert time.perf_counter() - started_at < 0.25
        assert {each.result(10).status_code for each in busy} <= {200, 503}
