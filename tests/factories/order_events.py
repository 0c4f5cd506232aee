"""Events of orders as products gets them; one line each."""

from __future__ import annotations

from shared.events.catalog.orders import OrderCancelled, OrderRemainderCancelled, OrderShipped, ShippedQuantity


def shipped(shipment_id: str, *, order_id: str = "ord_1", is_complete: bool = False, **quantities: int) -> OrderShipped:
    return OrderShipped(
        order_id=order_id,
        number="SO-000001",
        company_id="cmp_acme",
        placed_by="usr_one",
        acted_by=None,
        shipment_id=shipment_id,
        payment_id=None,
        currency="GBP",
        amount=0,
        is_complete=is_complete,
        quantities=[ShippedQuantity(sku, quantity) for sku, quantity in quantities.items()],
    )


def cancelled(order_id: str = "ord_1") -> OrderCancelled:
    return OrderCancelled(
        order_id=order_id,
        number="SO-000001",
        company_id="cmp_acme",
        placed_by="usr_one",
        acted_by=None,
        payment_id=None,
        reason="duplicate",
        was_refused=False,
    )


def remainder_cancelled(order_id: str = "ord_1", **quantities: int) -> OrderRemainderCancelled:
    return OrderRemainderCancelled(
        order_id=order_id,
        number="SO-000001",
        company_id="cmp_acme",
        placed_by="usr_one",
        acted_by=None,
        payment_id=None,
        reason="out of production",
        currency="GBP",
        amount=0,
        quantities=[ShippedQuantity(sku, quantity) for sku, quantity in quantities.items()],
    )
