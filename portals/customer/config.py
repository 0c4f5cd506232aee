"""Settings of the customer portal."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.portal.settings import PortalSettings


@dataclass(frozen=True, kw_only=True)
class CustomerSettings(PortalSettings):
    """`psp_backend` is that of payments: with none the checkout offers no card."""

    psp_backend: str = field(default="sandbox", metadata={"choices": ("sandbox", "none")})
