"""Buyers order while every process in turn is killed, hung and stopped: no order lost, none charged twice."""

from __future__ import annotations

import random

import pytest

from shared.base.workloads import WORKLOADS
from tests.chaos.platform import WholePlatform
from tests.chaos.shopping import Shop, Shoppers, assert_books_add_up

STORES = ("mongod", "valkey-server")
# Every part of a checkout and of what follows it; the portals and the mailbox take no part.
PROCESSES = (
    "gateway", "users", "products", "orders", "payments", "psp-sandbox",
    "products-worker", "orders-worker", "payments-worker", "orders-jobs", "payments-jobs", "scheduler",
    *STORES,
)  # fmt: skip
SEED = 20_261_128


def test_names_are_those_of_the_platform():
    assert set(PROCESSES) <= {workload.name for workload in WORKLOADS} | set(STORES)


@pytest.mark.parametrize("fault", ["kill", "hang", "terminate"])
def test_the_books_add_up_after(fault: str, platform: WholePlatform, rounds: int) -> None:
    shop = Shop.of(platform)
    sku = f"CHAOS-{fault.upper()}"
    shop.sell(sku)
    chance = random.Random(SEED)

    with Shoppers(shop, sku) as shoppers:
        for _ in range(rounds):
            for name in chance.sample(PROCESSES, len(PROCESSES)):
                getattr(platform, fault)(name)
                platform.wait_ready()
                shoppers.place_more()

    assert_books_add_up(shoppers)
