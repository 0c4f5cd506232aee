"""The products service, from which the whole index can be built again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from services.search.rules import CatalogPage
from shared.calls.identity import ServiceIdentity
from shared.calls.resilience import UpstreamUnavailable, resilient
from shared.calls.service_client import Identity, ServiceClient, UpstreamRefused
from shared.web.service import current_clients

PAGE_SIZE = 500


class Products(Protocol):
    def product_page(self, cursor: str | None) -> CatalogPage:
        """Return up to 500 products by SKU and the next cursor; raise UpstreamUnavailable."""


class ProductsClient(ServiceClient):
    service = "products"

    @resilient(timeout=2.0, attempts=2)
    def product_page(self, cursor: str | None, *, timeout: float) -> CatalogPage:
        try:
            page = self.get("/internal/v1/products", timeout=timeout, cursor=cursor, limit=PAGE_SIZE)
        except UpstreamRefused as refusal:
            raise UpstreamUnavailable(self.service, f"refused_{refusal.status}", is_retryable=False) from refusal
        return msgspec.convert(page, CatalogPage)


@dataclass(frozen=True)
class Clients:
    products: Products


def make_clients(*, users_url: str, products_url: str, secret: str) -> Clients:
    """Return the clients that call the services at these addresses."""
    identity: Identity = ServiceIdentity(users_url, "search", secret)
    return Clients(products=ProductsClient(products_url, identity=identity))


def products() -> Products:
    """Return the client of products."""
    return current_clients(Clients).products
