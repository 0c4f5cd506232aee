"""
The policy table: every public route, and all that the gateway decides about it.

Routing, authentication, authorisation, rate limits, body limits, deadlines, load shedding, caching and the
merged OpenAPI document read this table and nothing else: a path outside the table is not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from shared.calls.bulkhead import HOPE, WAIT_SHARE

API_PREFIX = "/api"
KIB = 1024
MIB = 1024 * KIB


class Access(Enum):
    """Who may call a route that names no permission."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"


class RateClass(StrEnum):
    """Which bucket a call takes a token from; the sizes are settings."""

    LOGIN = "login"
    PUBLIC = "public"
    READ = "read"
    WRITE = "write"
    IMPORT = "import"


class Criticality(Enum):
    """
    The share of an upstream's places a call may fill: under load browsing is refused first, checkout last.

    While all of its places are taken, a call waits for one, for a share of its time. Checkout is served first and
    waits longest, also behind a queue that is too long at the present pace: at a rush for few units it moves much
    faster once they are sold, and a buyer who reads "overloaded" does not know whether they are.
    """

    BROWSE = 0.75
    NORMAL = 0.9
    CHECKOUT = 1.0

    @property
    def wait_share(self) -> float:
        return 0.7 if self is Criticality.CHECKOUT else WAIT_SHARE

    @property
    def hope(self) -> float:
        return 4.0 if self is Criticality.CHECKOUT else HOPE


@dataclass(frozen=True, slots=True)
class Route:
    """
    One row: `path` is the public template, `upstream_path` the service's.

    `access` is a permission such as `orders:read`, or an `Access`. Body sizes are bytes.
    """

    method: str
    path: str
    upstream: str
    access: str | Access
    rate_class: RateClass
    body_limit: int = 0
    timeout_seconds: float = 5.0
    criticality: Criticality = Criticality.NORMAL
    cacheable: bool = False

    @property
    def upstream_path(self) -> str:
        return self.path.removeprefix(API_PREFIX)

    @property
    def is_public(self) -> bool:
        return self.access is Access.PUBLIC


def _get(path: str, upstream: str, access: str | Access, *, browse: bool = False, cacheable: bool = False) -> Route:
    criticality = Criticality.BROWSE if browse else Criticality.NORMAL
    path = API_PREFIX + path
    return Route("GET", path, upstream, access, RateClass.READ, criticality=criticality, cacheable=cacheable)


def _write(
    method: str,
    path: str,
    upstream: str,
    access: str | Access,
    *,
    body_limit: int = 2 * MIB,
    seconds: float = 10.0,
    checkout: bool = False,
) -> Route:
    criticality = Criticality.CHECKOUT if checkout else Criticality.NORMAL
    path = API_PREFIX + path
    return Route(method, path, upstream, access, RateClass.WRITE, body_limit, seconds, criticality)


def _public(path: str, upstream: str, rate_class: RateClass, *, body_limit: int = 16 * KIB) -> Route:
    return Route("POST", API_PREFIX + path, upstream, Access.PUBLIC, rate_class, body_limit, 10.0)


PRODUCT_IMPORT = Route(
    "POST",
    f"{API_PREFIX}/v1/products/imports",
    "products",
    "products:write",
    RateClass.IMPORT,
    body_limit=64 * MIB,
    timeout_seconds=15.0,
)

POLICY: tuple[Route, ...] = (
    Route("GET", "/.well-known/jwks.json", "users", Access.PUBLIC, RateClass.PUBLIC, cacheable=True),
    _public("/v1/auth/login", "users", RateClass.LOGIN),
    _public("/v1/auth/refresh", "users", RateClass.PUBLIC),
    _public("/v1/auth/logout", "users", RateClass.PUBLIC),
    _write("POST", "/v1/auth/acting-tokens", "users", "companies:act"),
    _get("/v1/me", "users", Access.SIGNED_IN),
    _get("/v1/companies", "users", "companies:read"),
    _write("POST", "/v1/companies", "users", "companies:write"),
    _get("/v1/companies/{company_id}", "users", "companies:read"),
    _get("/v1/invitations", "users", "users:invite"),
    _write("POST", "/v1/invitations", "users", "users:invite"),
    _get("/v1/invitations/{user_id}", "users", "users:invite"),
    _write("POST", "/v1/invitations/{user_id}/renewal", "users", "users:invite"),
    _write("DELETE", "/v1/invitations/{user_id}", "users", "users:invite"),
    _public("/v1/invitations/lookup", "users", RateClass.LOGIN),
    _public("/v1/invitations/acceptance", "users", RateClass.LOGIN),
    _get("/v1/products", "products", "products:read", browse=True),
    _write("POST", "/v1/products", "products", "products:write"),
    PRODUCT_IMPORT,
    _get("/v1/products/imports", "products", "products:write"),
    _get("/v1/products/imports/{import_id}", "products", "products:write"),
    _write("POST", "/v1/products/imports/{import_id}/execution", "products", "products:write"),
    _get("/v1/products/imports/{import_id}/failed-rows", "products", "products:write"),
    _get("/v1/products/{sku}", "products", "products:read", browse=True),
    _write("PATCH", "/v1/products/{sku}", "products", "products:write"),
    _get("/v1/currencies", "products", "products:read"),
    _write("PUT", "/v1/currencies", "products", "products:write"),
    _get("/v1/inventory", "products", "inventory:write"),
    _get("/v1/inventory/{sku}", "products", "products:read"),
    _write("PUT", "/v1/inventory/{sku}", "products", "inventory:write"),
    _get("/v1/search", "search", "products:read", browse=True),
    _get("/v1/search/suggest", "search", "products:read", browse=True),
    _get("/v1/cart", "orders", "cart:write"),
    _write("PUT", "/v1/cart", "orders", "cart:write"),
    _write("POST", "/v1/cart/items", "orders", "cart:write"),
    _get("/v1/orders", "orders", "orders:read"),
    _write("POST", "/v1/orders", "orders", "orders:write", seconds=15.0, checkout=True),
    _get("/v1/orders/{order_id}", "orders", "orders:read"),
    _write("POST", "/v1/orders/{order_id}/cancellation", "orders", "orders:write", seconds=15.0),
    _write("POST", "/v1/orders/{order_id}/shipments", "orders", "orders:ship", seconds=15.0),
    _get("/v1/orders/{order_id}/shipments/{shipment_id}", "orders", "orders:read"),
    _write("POST", "/v1/orders/{order_id}/remainder-cancellation", "orders", "orders:write", seconds=15.0),
    _write("POST", "/v1/orders/{order_id}/returns", "orders", "orders:return", seconds=15.0),
    _get("/v1/orders/{order_id}/returns/{return_id}", "orders", "orders:read"),
    _write("POST", "/v1/orders/{order_id}/settlement", "orders", "orders:return", seconds=15.0),
    _write("POST", "/v1/payments/sessions", "payments", "payments:write", seconds=15.0, checkout=True),
    _public("/v1/webhooks/{psp}", "payments", RateClass.PUBLIC, body_limit=256 * KIB),
    _get("/v1/payments", "payments", "payments:read"),
    _get("/v1/payments/{payment_id}", "payments", "payments:read"),
    _write("POST", "/v1/payments/{payment_id}/refunds", "payments", "payments:refund", seconds=15.0),
    _get("/v1/payments/{payment_id}/refunds/{refund_id}", "payments", "payments:read"),
    _get("/v1/notifications", "notifications", "notifications:read"),
)


UPSTREAMS = tuple(sorted({route.upstream for route in POLICY}))
