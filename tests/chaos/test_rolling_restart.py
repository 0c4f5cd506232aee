"""A rolling restart and a stop under load: no request fails, and none is broken off (R20)."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections import Counter
from urllib.parse import urlsplit

import pytest

from shared.base.workloads import WORKLOADS, Kind
from tests.chaos.platform import WholePlatform
from tests.chaos.shopping import Shop

WEB = tuple(each.name for each in WORKLOADS if each.kind is Kind.WEB)
SKU = "CHAOS-RESTART"
ORDER = {"line_items": [{"sku": SKU, "quantity": 1}], "payment": {"method": "card", "token": "tok_ok"}}


class Callers:
    """Threads that send requests without a pause and without a retry, and count the answers by status."""

    def __init__(self, shop: Shop) -> None:
        self._address = urlsplit(shop.platform.gateway).netloc
        self._tokens = [buyer.token() for buyer in shop.buyers]
        self._stopping = threading.Event()
        self.outcomes: Counter[str] = Counter()

    def __enter__(self) -> Callers:
        calls = (self._order, self._read)
        self._threads = [threading.Thread(target=self._repeat, args=(call, t)) for t in self._tokens for call in calls]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, call, token) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=20)
        while not self._stopping.wait(0.05):
            try:
                self.outcomes[call(connection, token)] += 1
            except (OSError, http.client.HTTPException) as failure:
                self.outcomes[f"{call.__name__} {failure!r}"] += 1
                connection.close()
        connection.close()

    def _order(self, connection, token) -> str:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        return self._ask(connection, token, "POST", "/api/v1/orders", json.dumps(ORDER), headers)

    def _read(self, connection, token) -> str:
        return self._ask(connection, token, "GET", f"/api/v1/products/{SKU}", None, {})

    def _ask(self, connection, token, method, path, body, headers) -> str:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}", **headers})
        answer = connection.getresponse()
        text = answer.read()
        return f"{method} {answer.status}" + ("" if answer.status < 300 else f" {text.decode()[:200]}")


@pytest.fixture(scope="module")
def shop(platform: WholePlatform) -> Shop:
    shop = Shop.of(platform)
    shop.sell(SKU)
    return shop


def test_a_rolling_restart_of_all_web_processes_fails_no_request(platform, shop, rounds):
    with Callers(shop) as callers:
        for _ in range(rounds):
            for name in WEB:
                platform.replace(name)

    assert set(callers.outcomes) == {"POST 201", "GET 200"}
    assert callers.outcomes["POST 201"] > 20


def test_a_stop_breaks_no_request_off(platform, shop, rounds):
    """
    Until the supervisor has started the process again, calls to it may be 503, and orders wait for their payment (202).

    502 would be a call that was broken off.
    """
    with Callers(shop) as callers:
        for _ in range(rounds):
            for name in ("orders", "payments", "products", "users"):
                platform.terminate(name)
                platform.wait_ready()

    bad = [each for each in callers.outcomes if each.split()[1] not in {"200", "201", "202", "503"}]
    assert bad == []
