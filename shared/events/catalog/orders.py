"""Events that orders publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import msgspec

from shared.data.events import Event
from shared.events.catalog.fields import (
    ActedBy,
    CompanyId,
    Currency,
    OrderId,
    OrderNumber,
    PaymentId,
    PlacedBy,
    ProductName,
    ReturnId,
    ShipmentId,
    Sku,
    described,
)

Units = Annotated[int, described("Number of units.", 400)]


class ConfirmedLine(msgspec.Struct, frozen=True):
    """One line of a confirmed order; `total_amount` is in the order's currency."""

    sku: Sku
    name: ProductName
    quantity: Units
    total_amount: Annotated[int, described("What the line costs, in minor units.", 8400)]


class ShippedQuantity(msgspec.Struct, frozen=True):
    """
    Units of one SKU in a shipment: a list, since a SKU may hold dots and a field name in DocumentDB may not.

    The first 50 have the product's `name`, so that an event of thousands stays below the limit of SNS.
    """

    sku: Sku
    quantity: Units
    name: ProductName | None = None


@dataclass(frozen=True)
class OrderConfirmed(Event):
    """Stock is held and the payment, if any, is authorised."""

    name: ClassVar[str] = "orders.order_confirmed.v1"
    order_id: OrderId
    number: OrderNumber
    company_id: CompanyId
    placed_by: PlacedBy
    acted_by: ActedBy | None
    po_number: Annotated[str, described("The buyer's own purchase order number.", "PO-7")] | None
    currency: Currency
    total_amount: Annotated[int, described("What the order costs, in minor units.", 8400)]
    line_count: Annotated[int, described("Number of lines of the order.", 1)]
    line_items: Annotated[list[ConfirmedLine], described("The first lines, 20 at most.")]


@dataclass(frozen=True)
class OrderShipped(Event):
    """A shipment left: its stock is gone and its amount is to be captured."""

    name: ClassVar[str] = "orders.order_shipped.v1"
    order_id: OrderId
    number: OrderNumber
    company_id: CompanyId
    placed_by: PlacedBy
    acted_by: ActedBy | None
    shipment_id: ShipmentId
    payment_id: PaymentId | None
    currency: Currency
    amount: Annotated[int, described("What to capture for this shipment, in minor units; may be 0.", 8400)]
    is_complete: Annotated[bool, described("Whether nothing is left to ship.", True)]
    quantities: Annotated[list[ShippedQuantity], described("Units per SKU in this shipment, each SKU once.")]

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
    order_id: OrderId
    number: OrderNumber
    company_id: CompanyId
    placed_by: PlacedBy
    acted_by: ActedBy | None
    payment_id: PaymentId | None
    reason: Annotated[str, described("Why, in the words of the person who cancelled.", "The rest is not needed")]
    currency: Currency
    amount: Annotated[int, described("What of the authorisation to release, in minor units.", 2100)]
    quantities: Annotated[list[ShippedQuantity], described("Units per SKU that will not be shipped, each SKU once.")]


@dataclass(frozen=True)
class OrderReturned(Event):
    """
    Goods were returned: the amount, which may be 0, is to be refunded.

    `placed_by` and `acted_by` are both null in an event of a version before these fields.
    """

    name: ClassVar[str] = "orders.order_returned.v1"
    order_id: OrderId
    number: OrderNumber
    company_id: CompanyId
    return_id: ReturnId
    payment_id: PaymentId | None
    currency: Currency
    amount: Annotated[int, described("What to refund, in minor units; may be 0.", 2100)]
    placed_by: PlacedBy | None = None
    acted_by: ActedBy | None = None


@dataclass(frozen=True)
class OrderCancelled(Event):
    """Nothing will be shipped: stock is released, an authorisation is voided. Also sent for a refused order."""

    name: ClassVar[str] = "orders.order_cancelled.v1"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})
    order_id: OrderId
    number: OrderNumber
    company_id: CompanyId
    placed_by: PlacedBy
    acted_by: ActedBy | None
    payment_id: PaymentId | None
    reason: Annotated[
        str,
        described(
            "Why: the words of the person who cancelled, or for a refused order `out_of_stock`, `payment_declined`, "
            "`stock_unanswered`, `payment_unanswered` or `older_copy`.",
            "Ordered twice",
        ),
    ]
    was_refused: Annotated[
        bool, described("Whether the order was never confirmed, for example for want of stock.", False)
    ]
    was_awaited: Annotated[
        bool,
        described("Whether a refused order was answered as undecided (202) before: the buyer waits.", False),
    ] = False
