"""Settings of the payments service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.base.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class PaymentsSettings(StoreSettings):
    """
    `psp_url` is the processor's origin; a hosted page may return to the two public origins only.

    With `psp_backend` none no processor is connected: the three `psp_` settings may be absent, cards are refused.
    """

    public_customer_url: str
    public_gateway_url: str
    psp_url: str = ""
    psp_api_key: str = ""
    psp_webhook_secret: str = ""
    psp_backend: str = field(default="sandbox", metadata={"choices": ("sandbox", "none")})
