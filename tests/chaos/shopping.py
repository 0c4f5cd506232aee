"""Buyers who order without a pause, and the books that must add up afterwards."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.chaos.platform import WholePlatform
from tests.shared.processes import until
from tools.demo.people import ADMIN, APPROVER, BUYER, PASSWORD
from tools.replay.api import Api
from tools.replay.identity import SignedIn
from tools.up.credentials import load_credentials
from tools.up.places import Places

SETTLE_SECONDS = 90.0
ON_HAND = 100_000
SANDBOX_PORT = 8084
PAUSE_SECONDS = 0.05


@dataclass
class Shop:
    """The REST API for the merchant and two buyers, over one gateway."""

    platform: WholePlatform
    api: Api
    admin: SignedIn
    buyers: tuple[SignedIn, SignedIn]

    @classmethod
    def of(cls, platform: WholePlatform) -> Shop:
        api = Api(platform.gateway)
        buyers = SignedIn(api, BUYER, PASSWORD), SignedIn(api, APPROVER, PASSWORD)
        return cls(platform, api, SignedIn(api, ADMIN, PASSWORD), buyers)

    def sell(self, sku: str) -> None:
        """Create a product of 1.00 GBP with its stock."""
        price = {"amount": "1.00", "currency": "GBP"}
        self.api.post("create", "/products", {"sku": sku, "name": f"Chaos {sku}", "unit_price": price}, self.admin)
        self.api.put("stock", f"/inventory/{sku}", {"on_hand": ON_HAND}, self.admin)

    def order(self, buyer: SignedIn, sku: str, quantity: int) -> dict[str, Any]:
        """Place an order by card; one key for all its retries."""
        body = {
            "line_items": [{"sku": sku, "quantity": quantity}],
            "payment": {"method": "card", "token": "tok_ok"},
        }
        return self.api.post("order", "/orders", body, buyer, keyed=True).body

    def inventory(self, sku: str) -> dict[str, Any]:
        return self.api.get("stock", f"/inventory/{sku}", self.admin)

    def orders(self) -> list[dict[str, Any]]:
        return list(self.api.pages("orders", "/orders", self.admin))

    def is_confirmed(self, order_id: str) -> bool:
        return bool(self.api.get("order", f"/orders/{order_id}", self.admin)["status"] == "confirmed")

    def payments_of(self, order_id: str) -> list[dict[str, Any]]:
        return list(self.api.pages("payments", "/payments", self.admin, order_id=order_id))

    def authorized(self, order_id: str) -> list[int]:
        """Return the amounts that the processor itself holds for an order."""
        key = load_credentials(Places(self.platform.state), []).psp_api_key
        port = SANDBOX_PORT + self.platform.offset
        request = Request(
            f"http://127.0.0.1:{port}/psp-sandbox/v1/charges?{urlencode({'reference': order_id})}",
            headers={"Authorization": f"Bearer {key}"},
        )
        with urlopen(request, timeout=10) as answer:
            charges = json.load(answer)["items"]
        return [charge["amount"] for charge in charges if charge["status"] == "authorized"]


@dataclass
class Shoppers:
    """One thread per buyer that places orders of 1, 2 or 3 units until it is stopped."""

    shop: Shop
    sku: str
    placed: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def __enter__(self) -> Shoppers:
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._shop, args=(buyer,)) for buyer in self.shop.buyers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def place_more(self, count: int = 3) -> None:
        """Return once `count` more orders were placed: the shop works again."""
        before = len(self.placed)
        until(lambda: bool(self.failures) or len(self.placed) >= before + count, SETTLE_SECONDS)

    def _shop(self, buyer: SignedIn) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            try:
                self.placed.append(self.shop.order(buyer, self.sku, 1 + len(self.placed) % 3))
            except Exception as failure:
                self.failures.append(failure)
                return


def assert_books_add_up(shoppers: Shoppers) -> None:
    """Each order once, each paid once and in full, and exactly their units reserved."""
    shop, sku = shoppers.shop, shoppers.sku
    assert shoppers.failures == []
    known = [order for order in shop.orders() if any(line["sku"] == sku for line in order["line_items"])]
    placed = {order["id"]: order for order in shoppers.placed}
    assert {order["id"] for order in known if order["status"] != "expired"} == set(placed)
    assert len({order["number"] for order in known}) == len(known)
    for order_id, order in placed.items():
        until(lambda: shop.is_confirmed(order_id), SETTLE_SECONDS)  # noqa: B023 - waited for in this very step
        assert shop.authorized(order_id) == [order["total"]["amount"]], shop.payments_of(order_id)
    units = sum(line["quantity"] for order in placed.values() for line in order["line_items"])
    until(lambda: shop.inventory(sku)["reserved"] == units, SETTLE_SECONDS)
