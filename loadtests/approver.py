"""Approvers: they read their company's orders and check what was paid and shipped."""

from __future__ import annotations

import random

from locust import FastHttpUser, between, task

from loadtests.reference import GATEWAY, Reference
from loadtests.shapes import chosen_shape
from loadtests.sign_in import authorization, listed

__all__ = ["Approver", "Reference", "Shape"]

APPROVER = "approver@acme.example"

Shape = chosen_shape()


class Approver(FastHttpUser):
    """A person who goes through the orders in the morning, one after the other."""

    host = GATEWAY
    wait_time = between(1, 4)

    @task(3)
    def read_through_the_orders(self) -> None:
        response = self.client.get("/api/v1/orders", headers=self._who())
        if listed(response) and response.json()["next_cursor"]:
            older = f"/api/v1/orders?cursor={response.json()['next_cursor']}"
            self.client.get(older, headers=self._who(), name="/api/v1/orders?cursor={cursor}")

    @task(5)
    def check_an_order(self) -> None:
        orders = listed(self.client.get("/api/v1/orders", headers=self._who()))
        if orders:
            order_id = random.choice(orders)["id"]
            self.client.get(f"/api/v1/orders/{order_id}", headers=self._who(), name="/api/v1/orders/{id}")
            paid = f"/api/v1/payments?order_id={order_id}"
            self.client.get(paid, headers=self._who(), name="/api/v1/payments?order_id={id}")

    def _who(self) -> dict[str, str]:
        return authorization(self.client, APPROVER)
