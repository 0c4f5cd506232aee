"""Events that payments publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.data.events import Event


@dataclass(frozen=True)
class PaymentAuthorized(Event):
    """An authorisation whose answer came late: by webhook, or by a second call to the processor."""

    name: ClassVar[str] = "payments.payment_authorized.v1"
    payment_id: str
    order_id: str
    currency: str
    amount: int


@dataclass(frozen=True)
class PaymentDeclined(Event):
    name: ClassVar[str] = "payments.payment_declined.v1"
    payment_id: str
    order_id: str
    reason: str


@dataclass(frozen=True)
class PaymentCaptured(Event):
    """Money was taken for one shipment."""

    name: ClassVar[str] = "payments.payment_captured.v1"
    payment_id: str
    order_id: str
    shipment_id: str
    currency: str
    amount: int


@dataclass(frozen=True)
class PaymentCaptureFailed(Event):
    """The money of a shipment will not be taken by itself: a person is needed. `reason` is the processor's code."""

    name: ClassVar[str] = "payments.payment_capture_failed.v1"
    payment_id: str
    order_id: str
    company_id: str
    shipment_id: str
    currency: str
    amount: int
    reason: str


@dataclass(frozen=True)
class PaymentRefundFailed(Event):
    """A refund will not be made by itself: a person is needed. `return_id` is None for one without a return."""

    name: ClassVar[str] = "payments.payment_refund_failed.v1"
    payment_id: str
    order_id: str
    company_id: str
    refund_id: str
    return_id: str | None
    currency: str
    amount: int
    reason: str


@dataclass(frozen=True)
class PaymentRefunded(Event):
    """Money was refunded; `return_id` is None for a refund that the merchant made without a return."""

    name: ClassVar[str] = "payments.payment_refunded.v1"
    payment_id: str
    order_id: str
    company_id: str
    refund_id: str
    return_id: str | None
    currency: str
    amount: int
