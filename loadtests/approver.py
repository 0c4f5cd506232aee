"""Approvers: they read their company's orders and check what was paid and shipped."""

from __future__ import annotations

import random

from locust import FastHttpUser, between, task

from loadtests.reference import GATEWAY, Reference
from loadtests.shapes import chosen_shape
from loadtests.signing_in import authorization

__all__ = ["Approver", "Reference", "Shape"]

APPROVER = "approver@acme.example"

Shape = chosen_shape()


class Approver(FastHttpUser):
    """A person who goes through the orders in the morning, one after the other."""

    host = GATEWAY
    wait_time = between(1, 4)

    @task(3)
    def read_through_the_orders(self) -> None:
        page = self.client.get("/api/v1/orders", headers=self._who()).json()
        if page["next_cursor"]:
            older = f"/api/v1/orders?cursor={page['next_cursor']}"
            self.client.get(older, headers=self._who(), name="/api/v1/orders?cursor={cursor}")

    @task(5)
    def check_an_order(self) -> None:
        page = self.client.get("/api/v1/orders", headers=self._who()).json()
        if page["items"]:
            order_id = random.choice(page["items"])["id"]
            self.client.get(f"/api/v1/orders/{order_id}", headers=self._who(), name="/api/v1/orders/{id}")
            paid = f"/api/v1/payments?order_id={order_id}"
            self.client.get(paid, headers=self._who(), name="/api/v1/payments?order_id={id}")

    def _who(self) -> dict[str, str]:
        return authorization(self.client, APPROVER)
