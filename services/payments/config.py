"""Settings of the payments service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class PaymentsSettings(StoreSettings):
    """`psp_url` is the processor's origin; a hosted page may return to the two public origins only."""

    psp_url: str
    psp_api_key: str
    psp_webhook_secret: str
    public_customer_url: str
    public_gateway_url: str
    psp_backend: str = field(default="sandbox", metadata={"choices": ("sandbox",)})
