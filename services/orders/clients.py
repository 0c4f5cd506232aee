"""The services that an order needs: prices and stock of products, authorisations of payments, names of companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from services.orders.errors import OrderNumberTaken, OutOfStock, Shortage
from services.orders.fulfillment.rules import KnownPayments, KnownReservations
from services.orders.orders.rules import Offer, SkuQuantity
from shared.base.money import UnitPrice
from shared.calls.identity import ServiceIdentity
from shared.calls.resilience import resilient
from shared.calls.service_client import ServiceClient, UpstreamRefused, UpstreamUnavailable, segment
from shared.web.service import current_clients

# Refusals that mean "this order will not be paid"; any other is a fault of the call or of the service.
FINAL_REFUSALS = frozenset({402, 409, 422})
VERSION_CONFLICT = "version-conflict"


@dataclass(frozen=True)
class PaymentAnswer:
    """`status` is authorized, declined or pending; `reason` says why it was declined."""

    status: str
    payment_id: str | None = None
    reason: str | None = None


class Reservation(Struct, frozen=True):
    """Stock that products holds for an order."""

    order_id: str


class ReservationPage(Struct, frozen=True):
    items: list[Reservation]
    next_cursor: str | None = None


class Products(Protocol):
    def prices(self, line_items: Sequence[SkuQuantity]) -> list[Offer | None]: ...
    def reserve(self, order_id: str, units: Mapping[str, int], *, order_number: int | None = None) -> None: ...
    def compare(self, order_ids: Sequence[str]) -> KnownReservations: ...
    def release(self, order_id: str) -> None: ...
    def reservations(self, *, before: str, cursor: str | None) -> ReservationPage: ...


class Payments(Protocol):
    def compare(self, order_ids: Sequence[str]) -> KnownPayments: ...
    def authorize(self, *, order_id: str, company_id: str, amount: int, currency: str, token: str) -> PaymentAnswer: ...


class Users(Protocol):
    def companies_named(self, q: str) -> list[str]: ...


class ProductsClient(ServiceClient):
    service = "products"

    @resilient(timeout=2.0, attempts=2)
    def prices(self, line_items: Sequence[SkuQuantity], *, timeout: float) -> list[Offer | None]:
        """Return what the catalog offers line by line for that quantity, None for an unknown SKU."""
        wanted = [{"sku": line.sku, "quantity": line.quantity} for line in line_items]
        try:
            answer = self.post("/internal/v1/prices", {"line_items": wanted}, timeout=timeout)
        except UpstreamRefused as refusal:  # a 401 is about us: the buyer is signed in
            raise _unavailable(refusal) from refusal
        unknown = frozenset(answer["unknown"])
        offers = iter(answer["items"])
        return [None if line.sku in unknown else _offer(next(offers)) for line in line_items]

    @resilient(timeout=2.0, attempts=2)
    def reserve(
        self, order_id: str, units: Mapping[str, int], *, order_number: int | None = None, timeout: float
    ) -> None:
        """
        Reserve stock for an order, all or nothing; raise OutOfStock, OrderNumberTaken for another order's number.

        Safe to repeat: the order id is the reservation's id.
        """
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]
        body = {"line_items": lines, "order_number": order_number} if order_number else {"line_items": lines}
        try:
            self.put(f"/internal/v1/reservations/{segment(order_id)}", body, timeout=timeout)
        except UpstreamRefused as refusal:
            if refusal.kind == "out-of-stock":
                shortages = msgspec.convert(refusal.extra.get("shortages", []), list[Shortage])
                raise OutOfStock(shortages) from refusal
            if refusal.kind == "order-number-taken":
                highest = int(refusal.extra.get("highest_order_number") or 0)
                raise OrderNumberTaken(f"The number {order_number} belongs to another order", highest) from refusal
            raise _unavailable(refusal) from refusal

    @resilient(timeout=2.0, attempts=2)
    def compare(self, order_ids: Sequence[str], *, timeout: float) -> KnownReservations:
        """Return what products knows of these orders (at most 1,000)."""
        answer = self.post("/internal/v1/reservations/comparison", {"order_ids": list(order_ids)}, timeout=timeout)
        return msgspec.convert(answer, KnownReservations)

    @resilient(timeout=2.0, attempts=2)
    def release(self, order_id: str, *, timeout: float) -> None:
        """Release the stock reserved for an order; nothing happens when there is none."""
        self.delete(f"/internal/v1/reservations/{segment(order_id)}", timeout=timeout)

    @resilient(timeout=2.0, attempts=2)
    def reservations(self, *, before: str, cursor: str | None, timeout: float) -> ReservationPage:
        """Return a page of reservations made before a moment (ISO 8601)."""
        page = self.get("/internal/v1/reservations", timeout=timeout, before=before, cursor=cursor)
        return msgspec.convert(page, ReservationPage)


def _offer(answer: Mapping[str, Any]) -> Offer:
    price = answer["unit_price"]
    return Offer(
        name=answer["name"],
        unit_price=UnitPrice(Decimal(str(price["amount"])), price["currency"]),
        is_active=answer["is_active"],
        available=answer["available"] if answer["is_stocked"] else None,
    )


class PaymentsClient(ServiceClient):
    service = "payments"

    @resilient(timeout=2.0, attempts=2)
    def compare(self, order_ids: Sequence[str], *, timeout: float) -> KnownPayments:
        """Return what payments knows of these orders (at most 1,000)."""
        answer = self.post("/internal/v1/payment-comparison", {"order_ids": list(order_ids)}, timeout=timeout)
        return msgspec.convert(answer, KnownPayments)

    @resilient(timeout=6.0, attempts=2)
    def authorize(
        self, *, order_id: str, company_id: str, amount: int, currency: str, token: str, timeout: float
    ) -> PaymentAnswer:
        """Authorise the money of an order. Safe to repeat: a payment's natural key is its order's id."""
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
            raise _unavailable(refusal) from refusal
        return PaymentAnswer(answer["status"], answer["payment_id"], answer.get("reason"))


class UsersClient(ServiceClient):
    service = "users"

    @resilient(timeout=1.0, attempts=2)
    def companies_named(self, q: str, *, timeout: float) -> list[str]:
        """Return the ids of companies, at most 50, in whose name each word of `q` begins a word."""
        try:
            found = self.get("/internal/v1/companies", timeout=timeout, q=q)
        except UpstreamRefused as refusal:
            raise _unavailable(refusal) from refusal
        return [each["id"] for each in found["items"]]


def _unavailable(refusal: UpstreamRefused) -> UpstreamUnavailable:
    """Return the failure for a refusal that no order should cause (401, 404): the order keeps its state and retries."""
    return UpstreamUnavailable(refusal.upstream, f"refused_{refusal.status}", is_retryable=False)


@dataclass(frozen=True)
class Clients:
    products: Products
    payments: Payments
    users: Users


def make_clients(*, users_url: str, products_url: str, payments_url: str, secret: str) -> Clients:
    identity = ServiceIdentity(users_url, "orders", secret)
    return Clients(
        products=ProductsClient(products_url, identity=identity),
        payments=PaymentsClient(payments_url, identity=identity),
        users=UsersClient(users_url, identity=identity),
    )


def products() -> Products:
    return current_clients(Clients).products


def users() -> Users:
    return current_clients(Clients).users


def payments() -> Payments:
    return current_clients(Clients).payments
