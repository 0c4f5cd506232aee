"""Settings of the customer portal."""

from __future__ import annotations

from dataclasses import dataclass

from shared.portal.settings import PortalSettings


@dataclass(frozen=True, kw_only=True)
class CustomerSettings(PortalSettings):
    """Everything is in the base; the class gives this portal its name in error messages."""
