"""All events between services, a module per publisher; `fields` holds what they share."""

from __future__ import annotations

from collections.abc import Mapping

# The services with handlers for a publisher's events: it keeps each event until these have acknowledged it.
READERS: Mapping[str, tuple[str, ...]] = {
    "orders": ("notifications", "payments", "products"),
    "payments": ("notifications", "orders"),
    "products": ("products", "search"),
}
