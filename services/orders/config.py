"""Settings of the orders service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.base.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class OrdersSettings(StoreSettings):
    """
    The addresses of products and payments, and timeouts in seconds.

    An undecided order is refused when products has not answered for `stock_patience_seconds`, or payments for
    `payment_patience_seconds`. The event of a shipment or return that payments has not settled is published again
    every `settle_patience_seconds` at first, later less often; the event of a withdrawn order is published again once.
    A reservation older than `stray_after_seconds` is released when its order does not need it. With `psp_backend`
    none, as at payments, no order is paid by card.
    """

    products_url: str = "http://products:8080"
    payments_url: str = "http://payments:8080"
    stock_patience_seconds: int = 900
    payment_patience_seconds: int = 3600
    settle_patience_seconds: int = 60
    stray_after_seconds: int = 600
    psp_backend: str = field(default="sandbox", metadata={"choices": ("sandbox", "none")})
