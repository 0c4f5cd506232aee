"""Events that products publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from shared.data.events import Event


@dataclass(frozen=True)
class ProductChanged(Event):
    """A product's whole present state; `version` grows with each change, so that the latest wins."""

    name: ClassVar[str] = "products.product_changed.v1"
    sku: str
    version: int
    product: dict[str, Any]


@dataclass(frozen=True)
class ImportRequested(Event):
    """A product file was uploaded; products itself starts the job that reads it."""

    name: ClassVar[str] = "products.import_requested.v1"
    import_id: str
