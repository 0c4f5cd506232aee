"""Events that payments publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shared.data.events import Event
from shared.events.catalog.fields import (
    CompanyId,
    Currency,
    OrderId,
    PaymentId,
    RefundId,
    ReturnId,
    ShipmentId,
    described,
)

ProcessorReason = Annotated[
    str,
    described("Code of the card processor, or a reason of payments such as `exceeds_authorization`.", "expired_card"),
]


@dataclass(frozen=True)
class PaymentAuthorized(Event):
    """An authorisation whose answer came late: by webhook, or by a second call to the processor."""

    name: ClassVar[str] = "payments.payment_authorized.v1"
    payment_id: PaymentId
    order_id: OrderId
    currency: Currency
    amount: Annotated[int, described("Money that the processor holds, in minor units.", 8400)]


@dataclass(frozen=True)
class PaymentDeclined(Event):
    """A refusal whose answer came late: by webhook, or by a second call to the processor."""

    name: ClassVar[str] = "payments.payment_declined.v1"
    payment_id: PaymentId
    order_id: OrderId
    reason: Annotated[str, described("Why, as the code of the card processor.", "insufficient_funds")]


@dataclass(frozen=True)
class PaymentCaptured(Event):
    """Money was taken for one shipment."""

    name: ClassVar[str] = "payments.payment_captured.v1"
    payment_id: PaymentId
    order_id: OrderId
    shipment_id: ShipmentId
    currency: Currency
    amount: Annotated[int, described("Money that was taken, in minor units.", 8400)]


@dataclass(frozen=True)
class PaymentCaptureFailed(Event):
    """The money of a shipment will not be taken by itself: a person is needed."""

    name: ClassVar[str] = "payments.payment_capture_failed.v1"
    payment_id: PaymentId
    order_id: OrderId
    company_id: CompanyId
    shipment_id: ShipmentId
    currency: Currency
    amount: Annotated[int, described("Money that was not taken, in minor units.", 8400)]
    reason: ProcessorReason


@dataclass(frozen=True)
class PaymentRefundFailed(Event):
    """A refund will not be made by itself: a person is needed. `return_id` is None for one without a return."""

    name: ClassVar[str] = "payments.payment_refund_failed.v1"
    payment_id: PaymentId
    order_id: OrderId
    company_id: CompanyId
    refund_id: RefundId
    return_id: ReturnId | None
    currency: Currency
    amount: Annotated[int, described("Money that was not refunded, in minor units.", 2100)]
    reason: ProcessorReason


@dataclass(frozen=True)
class PaymentRefunded(Event):
    """Money was refunded; `return_id` is None for a refund that the merchant made without a return."""

    name: ClassVar[str] = "payments.payment_refunded.v1"
    payment_id: PaymentId
    order_id: OrderId
    company_id: CompanyId
    refund_id: RefundId
    return_id: ReturnId | None
    currency: Currency
    amount: Annotated[int, described("Money that was refunded, in minor units.", 2100)]
