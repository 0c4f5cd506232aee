"""Slow clients at the doors of the whole platform: buyers and pages go on beside them."""

from __future__ import annotations

import contextlib

import pytest

from tests.chaos.platform import WholePlatform
from tests.chaos.shopping import Shop
from tests.served import DRIPS, Client, dripping, slowest

PORTS = {"gateway": 8080, "customer": 8081, "admin": 8082}
SLOW = 500
SKU = "CHAOS-SLOW"


@pytest.fixture(scope="module")
def shop(platform: WholePlatform) -> Shop:
    shop = Shop.of(platform)
    shop.sell(SKU)
    return shop


@pytest.mark.parametrize("kind", DRIPS)
def test_reads_of_a_product_stay_under_two_seconds(kind: str, platform: WholePlatform, shop: Shop) -> None:
    port = PORTS["gateway"] + platform.offset
    token = shop.buyers[0].token()

    def read() -> None:
        with contextlib.closing(Client(port, timeout=10)) as client:
            assert client.get(f"/api/v1/products/{SKU}", f"Authorization: Bearer {token}\r\n")[0] == 200

    read()
    with dripping(port, SLOW, kind):
        longest = slowest(read, seconds=4)

    assert longest < 2


@pytest.mark.parametrize("door", ["customer", "admin"])
@pytest.mark.parametrize("kind", ["chunked body", "head"])
def test_pages_stay_under_two_seconds(kind: str, door: str, platform: WholePlatform) -> None:
    port = PORTS[door] + platform.offset
    path = "/sign-in" if door == "customer" else "/admin/sign-in"

    def read() -> None:
        with contextlib.closing(Client(port, timeout=10)) as client:
            assert client.get(path)[0] == 200

    read()
    with dripping(port, SLOW, kind):
        longest = slowest(read, seconds=4)

    assert longest < 2
