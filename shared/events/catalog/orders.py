"""Events that orders publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import msgspec

from shared.data.events import Event


class ConfirmedLine(msgspec.Struct, frozen=True):
    """One line of a confirmed order; `total_amount` is in the order's currency."""

    sku: str
    name: str
    quantity: int
    total_amount: int


class ShippedQuantity(msgspec.Struct, frozen=True):
    """Units of one SKU in a shipment: a list, since a SKU may hold dots and a field name in DocumentDB may not."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class OrderConfirmed(Event):
    """Stock is held and the payment, if any, is authorised."""

    name: ClassVar[str] = "orders.order_confirmed.v1"
    order_id: str
    number: str
    company_id: str
    placed_by: str
    acted_by: str | None
    po_number: str | None
    currency: str
    total_amount: int
    line_count: int
    line_items: list[ConfirmedLine]
    """At most the first 20 lines."""


@dataclass(frozen=True)
class OrderShipped(Event):
    """A shipment left: its stock is gone and its amount is to be captured."""

    name: ClassVar[str] = "orders.order_shipped.v1"
    order_id: str
    number: str
    company_id: str
    placed_by: str
    acted_by: str | None
    shipment_id: str
    payment_id: str | None
    currency: str
    amount: int
    is_complete: bool
    quantities: list[ShippedQuantity]
    """Units per SKU in this shipment, each SKU once."""

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Return the event, also from {sku: quantity}, which older versions recorded."""
        quantities = values["quantities"]
        if isinstance(quantities, Mapping):
            quantities = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
        return super().from_fields({**values, "quantities": quantities})


@dataclass(frozen=True)
class OrderRemainderCancelled(Event):
    """What is left of a partly shipped order will not be shipped: its stock and its authorised amount are released."""

    name: ClassVar[str] = "orders.order_remainder_cancelled.v1"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})
    order_id: str
    number: str
    company_id: str
    placed_by: str
    acted_by: str | None
    payment_id: str | None
    reason: str
    currency: str
    amount: int
    quantities: list[ShippedQuantity]
    """Units per SKU that will not be shipped, each SKU once."""


@dataclass(frozen=True)
class OrderReturned(Event):
    """Goods were returned: the amount, which may be 0, is to be refunded."""

    name: ClassVar[str] = "orders.order_returned.v1"
    order_id: str
    number: str
    company_id: str
    return_id: str
    payment_id: str | None
    currency: str
    amount: int
    placed_by: str | None = None
    acted_by: str | None = None
    """Both None in an event that a version before these fields recorded."""


@dataclass(frozen=True)
class OrderCancelled(Event):
    """Nothing will be shipped: stock is released, an authorisation is voided. Also sent for a refused order."""

    name: ClassVar[str] = "orders.order_cancelled.v1"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})
    order_id: str
    number: str
    company_id: str
    placed_by: str
    acted_by: str | None
    payment_id: str | None
    reason: str
    was_refused: bool
