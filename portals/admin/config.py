"""Settings of the admin portal."""

from __future__ import annotations

from dataclasses import dataclass

from shared.portal.settings import PortalSettings


@dataclass(frozen=True, kw_only=True)
class AdminSettings(PortalSettings):
    """`max_body_bytes` is larger than elsewhere: a product file of a whole catalog is uploaded here."""

    max_body_bytes: int = 32 * 1024 * 1024
