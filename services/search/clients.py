"""The products service, from which the whole index can be built again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

from flask import current_app

from shared.calls.identity import ServiceIdentity
from shared.calls.resilience import UpstreamUnavailable, resilient
from shared.calls.service_client import Identity, ServiceClient, UpstreamRefused

PAGE_SIZE = 500


class Products(Protocol):
    def product_page(self, cursor: str | None) -> dict[str, Any]:
        """Return up to 500 products by SKU, `version` and `is_active` included, and the next cursor."""


class ProductsClient(ServiceClient):
    service = "products"

    @resilient(timeout=2.0, attempts=2)
    def product_page(self, cursor: str | None, *, timeout: float) -> dict[str, Any]:
        try:
            page: dict[str, Any] = self.get("/internal/v1/products", timeout=timeout, cursor=cursor, limit=PAGE_SIZE)
        except UpstreamRefused as refusal:
            raise UpstreamUnavailable(self.service, f"refused_{refusal.status}", is_retryable=False) from refusal
        return page


@dataclass(frozen=True)
class Clients:
    products: Products


def make_clients(*, users_url: str, products_url: str, secret: str) -> Clients:
    identity: Identity = ServiceIdentity(users_url, "search", secret)
    return Clients(products=ProductsClient(products_url, identity=identity))


def products() -> Products:
    return cast(Clients, current_app.extensions["tradepost_clients"]).products
