"""Table of all workloads: kind, package, port, stores, and the services each workload calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a workload runs; each kind has its own Copilot type and its own way to start."""

    WEB = "web"
    WORKER = "worker"
    JOBS = "jobs"
    SCHEDULER = "scheduler"


@dataclass(frozen=True)
class Workload:
    """
    One process of the platform.

    `package` is the Python package with the `app` module; `port` is None for workloads without HTTP.
    `calls` are the upstream services called over HTTP; `prefix` is the path that a browser opens;
    `threads` is the number of request threads: request rate times the time that a request waits for upstreams.
    """

    name: str
    kind: Kind
    package: str
    port: int | None = None
    prefix: str = "/"
    calls: tuple[str, ...] = ()
    public: bool = False
    stores: tuple[str, ...] = ("mongodb", "redis")
    threads: int = 16

    @property
    def service(self) -> str:
        """The service or portal that this process belongs to: `orders` for `orders-worker`."""
        return self.package.rpartition(".")[2]


def _web(name: str, port: int, *, package: str = "", **options: object) -> Workload:
    return Workload(name=name, kind=Kind.WEB, package=package or f"services.{name}", port=port, **options)  # type: ignore[arg-type]


def _worker(service: str, *calls: str) -> Workload:
    return Workload(name=f"{service}-worker", kind=Kind.WORKER, package=f"services.{service}", calls=calls)


def _jobs(service: str, *calls: str) -> Workload:
    return Workload(name=f"{service}-jobs", kind=Kind.JOBS, package=f"services.{service}", calls=calls)


SERVICES = ("gateway", "users", "products", "orders", "payments", "search", "notifications")
MONGOD_PORT = 8087
REDIS_PORT = 8086

WORKLOADS = (
    _web("gateway", 8080, public=True, calls=SERVICES[1:], stores=("redis",), threads=640),
    _web("users", 8091),
    _web("products", 8092, calls=("users",)),
    _web("orders", 8093, calls=("users", "products", "payments"), threads=32),
    _web("payments", 8094, calls=("users",)),
    _web("search", 8095, calls=("users", "products")),
    _web("notifications", 8096, calls=("users",)),
    _web(
        "customer",
        8081,
        package="portals.customer",
        public=True,
        calls=("gateway",),
        stores=("redis",),
    ),
    _web(
        "admin",
        8082,
        package="portals.admin",
        public=True,
        calls=("gateway",),
        stores=("redis",),
        prefix="/admin",
    ),
    _worker("products", "users"),
    _worker("orders", "users", "products", "payments"),
    _worker("payments", "users"),
    _worker("search", "users", "products"),
    _worker("notifications", "users"),
    _jobs("products", "users"),
    _jobs("orders", "users", "products", "payments"),
    _jobs("payments", "users"),
    _jobs("notifications", "users"),
    Workload("scheduler", Kind.SCHEDULER, package="tools.scheduler", stores=("redis",)),
    _web("mailbox", 8083, package="tools.mailbox", public=True, stores=()),
    _web(
        "psp-sandbox",
        8084,
        package="tools.psp_sandbox",
        public=True,
        calls=("gateway",),
        stores=(),
        prefix="/psp-sandbox",
    ),
)

BY_NAME = {workload.name: workload for workload in WORKLOADS}


def called_by(service: str) -> frozenset[str]:
    """Return the services that any workload of `service` calls: its web process, its worker, its jobs."""
    return frozenset(name for each in WORKLOADS if each.service == service for name in each.calls)
