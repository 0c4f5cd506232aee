"""Settings of the orders service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.base.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class OrdersSettings(StoreSettings):
    """
    Where the neighbours are, and how long, in seconds, an order waits for them.

    After `stock_patience_seconds` or `payment_patience_seconds` without an answer an order is undone; a shipment or
    return that payments has not settled after `settle_patience_seconds` is announced again, and so is, once, the end
    of an order; a reservation older than `stray_after_seconds` is looked at. With `psp_backend` none, as at payments,
    no order is paid by card.
    """

    products_url: str = "http://products:8080"
    payments_url: str = "http://payments:8080"
    stock_patience_seconds: int = 900
    payment_patience_seconds: int = 3600
    settle_patience_seconds: int = 60
    stray_after_seconds: int = 600
    psp_backend: str = field(default="sandbox", metadata={"choices": ("sandbox", "none")})
