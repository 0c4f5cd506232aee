"""Buyers: they look for products, look after their orders and sometimes place one."""

from __future__ import annotations

import random
from uuid import uuid4

from locust import FastHttpUser, between, task

from loadtests.reference import GATEWAY, Reference
from loadtests.shapes import chosen_shape
from loadtests.sign_in import authorization, listed

__all__ = ["Buyer", "Reference", "Shape"]

BUYERS = ("buyer@acme.example", "buyer@globex.example", "buyer@initech.example")
WORDS = ("heart", "red", "bag", "cake", "metal sign", "christmas", "retrospot mug", "lunch", "tea", "wicker")
PAYMENT = {"method": "card", "token": "tok_ok"}
BUDGET_MS = 500
# An answer, not a failure of the platform.
SOLD_OUT = 409

Shape = chosen_shape()


class Buyer(FastHttpUser):
    """A person with a few seconds between two clicks."""

    host = GATEWAY
    wait_time = between(2, 8)

    def on_start(self) -> None:
        self.email = random.choice(BUYERS)
        self.skus = [product["sku"] for product in self._search("heart")]

    @task(8)
    def check_orders(self) -> None:
        orders = listed(self.client.get("/api/v1/orders", headers=self._who()))
        if orders:
            order_id = random.choice(orders)["id"]
            self.client.get(f"/api/v1/orders/{order_id}", headers=self._who(), name="/api/v1/orders/{id}")

    @task(6)
    def look_for_a_product(self) -> None:
        found = self._search(random.choice(WORDS))
        if found:
            sku = random.choice(found)["sku"]
            self.client.get(f"/api/v1/products/{sku}", headers=self._who(), name="/api/v1/products/{sku}")

    @task(2)
    def fill_the_cart(self) -> None:
        if not self.skus:
            return
        self.client.put("/api/v1/cart", json={"line_items": self._line_items()}, headers=self._who())

    @task(1)
    def place_order(self) -> None:
        if not self.skus:
            return
        order = {"line_items": self._line_items(), "payment": PAYMENT}
        headers = self._who() | {"Idempotency-Key": str(uuid4())}
        with self.client.post("/api/v1/orders", json=order, headers=headers, catch_response=True) as response:
            if response.status_code == SOLD_OUT:
                response.success()
            elif response.status_code == 201 and response.request_meta["response_time"] > BUDGET_MS:
                response.failure("placing an order exceeded its 500 ms budget")

    def _search(self, words: str) -> list[dict[str, str]]:
        return listed(self.client.get(f"/api/v1/search?q={words}", headers=self._who(), name="/api/v1/search"))

    def _line_items(self) -> list[dict[str, str | int]]:
        chosen = random.sample(self.skus, min(3, len(self.skus)))
        return [{"sku": sku, "quantity": random.randint(1, 3)} for sku in chosen]

    def _who(self) -> dict[str, str]:
        return authorization(self.client, self.email)
