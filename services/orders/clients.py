"""The services that an order needs: prices and stock of products, authorisations of payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from flask import current_app

from services.orders.errors import OutOfStock
from shared.calls.identity import ServiceIdentity
from shared.calls.resilience import resilient
from shared.calls.service_client import ServiceClient, UpstreamRefused, UpstreamUnavailable, segment

Lines = Sequence[Mapping[str, Any]]
# What says that this order will not be paid, rather than that the service is not well.
FINAL_REFUSALS = frozenset({402, 409, 422})
VERSION_CONFLICT = "version-conflict"


@dataclass(frozen=True)
class PaymentAnswer:
    """`status` is authorized, declined or pending; `reason` says why it was declined."""

    status: str
    payment_id: str | None = None
    reason: str | None = None


class Products(Protocol):
    def prices(self, line_items: Lines) -> list[dict[str, Any] | None]: ...
    def reserve(self, order_id: str, units: Mapping[str, int]) -> None: ...
    def release(self, order_id: str) -> None: ...
    def reservations(self, *, before: str, cursor: str | None) -> dict[str, Any]: ...


class Payments(Protocol):
    def authorize(self, *, order_id: str, company_id: str, amount: int, currency: str, token: str) -> PaymentAnswer: ...


class ProductsClient(ServiceClient):
    service = "products"

    @resilient(timeout=2.0, attempts=2)
    def prices(self, line_items: Lines, *, timeout: float) -> list[dict[str, Any] | None]:
        """Return what the catalog offers line by line for that quantity, None for an unknown SKU."""
        asked = [{"sku": line["sku"], "quantity": line["quantity"]} for line in line_items]
        try:
            answer = self.post("/internal/v1/prices", {"line_items": asked}, timeout=timeout)
        except UpstreamRefused as refusal:  # a 401 is about us: the buyer is signed in
            raise _not_an_answer(refusal) from refusal
        unknown = frozenset(answer["unknown"])
        offers = iter(answer["items"])
        return [None if line["sku"] in unknown else next(offers) for line in asked]

    @resilient(timeout=2.0, attempts=2)
    def reserve(self, order_id: str, units: Mapping[str, int], *, timeout: float) -> None:
        """Hold stock for an order, all or nothing. Safe to repeat: the order id is the reservation's. Or OutOfStock."""
        body = {"line_items": [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]}
        try:
            self.put(f"/internal/v1/reservations/{segment(order_id)}", body, timeout=timeout)
        except UpstreamRefused as refusal:
            if refusal.kind == "out-of-stock":
                raise OutOfStock(refusal.extra.get("shortages", [])) from refusal
            raise _not_an_answer(refusal) from refusal

    @resilient(timeout=2.0, attempts=2)
    def release(self, order_id: str, *, timeout: float) -> None:
        """Give back what an order holds; nothing when it holds nothing."""
        self.delete(f"/internal/v1/reservations/{segment(order_id)}", timeout=timeout)

    @resilient(timeout=2.0, attempts=2)
    def reservations(self, *, before: str, cursor: str | None, timeout: float) -> dict[str, Any]:
        """Return a page of {order_id, reserved_at} of reservations made before a moment (ISO 8601)."""
        page: dict[str, Any] = self.get("/internal/v1/reservations", timeout=timeout, before=before, cursor=cursor)
        return page


class PaymentsClient(ServiceClient):
    service = "payments"

    @resilient(timeout=6.0, attempts=2)
    def authorize(
        self, *, order_id: str, company_id: str, amount: int, currency: str, token: str, timeout: float
    ) -> PaymentAnswer:
        """Ask for the money of an order. Safe to repeat: a payment's natural key is its order's id."""
        body = {
            "order_id": order_id,
            "company_id": company_id,
            "amount": {"amount": amount, "currency": currency},
            "token": token,
        }
        try:
            answer = self.post("/internal/v1/payments", body, timeout=timeout, idempotency_key=order_id)
        except UpstreamRefused as refusal:
            if refusal.status in FINAL_REFUSALS and refusal.kind != VERSION_CONFLICT:
                return PaymentAnswer("declined", reason=refusal.kind)
            raise _not_an_answer(refusal) from refusal
        return PaymentAnswer(answer["status"], answer["payment_id"], answer.get("reason"))


def _not_an_answer(refusal: UpstreamRefused) -> UpstreamUnavailable:
    """A refusal that no order should cause (401, 404): as good as no answer, so the order waits for a better one."""
    return UpstreamUnavailable(refusal.upstream, f"refused_{refusal.status}", is_retryable=False)


@dataclass(frozen=True)
class Clients:
    products: Products
    payments: Payments


def make_clients(*, users_url: str, products_url: str, payments_url: str, secret: str) -> Clients:
    identity = ServiceIdentity(users_url, "orders", secret)
    return Clients(
        products=ProductsClient(products_url, identity=identity),
        payments=PaymentsClient(payments_url, identity=identity),
    )


def products() -> Products:
    return cast(Clients, current_app.extensions["tradepost_clients"]).products


def payments() -> Payments:
    return cast(Clients, current_app.extensions["tradepost_clients"]).payments
