"""What one `make up` starts, on which ports, with which environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.base.workloads import MONGOD_PORT, REDIS_PORT, WORKLOADS, Kind, Workload
from tools.aws import addresses
from tools.up.places import Places

if TYPE_CHECKING:
    from tools.stores import Stores
    from tools.up.credentials import Credentials

HOST = "127.0.0.1"
# What a person may have exported for other programs, and what would change how ours run.
FOREIGN = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"})


@dataclass(frozen=True)
class Plan:
    """The workloads of a run and the shift of their ports; `environment` is the caller's."""

    places: Places
    environment: Mapping[str, str]
    workloads: Sequence[Workload] = WORKLOADS
    port_offset: int = 0

    @property
    def mongod_port(self) -> int:
        return MONGOD_PORT + self.port_offset

    @property
    def redis_port(self) -> int:
        return REDIS_PORT + self.port_offset

    @property
    def moto_port(self) -> int:
        return addresses.MOTO_PORT + self.port_offset

    @property
    def has_moto(self) -> bool:
        """Return whether moto runs in place of AWS: `make up AWS=moto`."""
        return self.environment.get("AWS") == "moto"

    def port_of(self, workload: Workload) -> int | None:
        return None if workload.port is None else workload.port + self.port_offset

    def url_of(self, name: str) -> str:
        """Return the origin of a web workload on this machine; raise KeyError when none has the name."""
        ports = {workload.name: self.port_of(workload) for workload in self.workloads}
        if name not in ports:
            ports = {workload.name: self.port_of(workload) for workload in WORKLOADS}
        return f"http://{HOST}:{ports[name]}"

    def ports(self) -> dict[int, str]:
        """Return every port this run needs and who needs it."""
        needed = {port: workload.name for workload in self.workloads if (port := self.port_of(workload)) is not None}
        if not self.environment.get("MONGODB_URI"):
            needed[self.mongod_port] = "mongod"
        if not self.environment.get("REDIS_URL"):
            needed[self.redis_port] = "valkey-server"
        if self.has_moto:
            needed[self.moto_port] = "moto"
        return needed

    def environment_of(self, workload: Workload, stores: Stores, credentials: Credentials) -> dict[str, str]:
        """Return the whole environment of one workload: the caller's, under what the platform decides."""
        service = service_of(workload)
        caller = self._callers()
        level = self.environment.get(f"{service.upper()}_LOG_LEVEL") or self.environment.get("LOG_LEVEL") or "INFO"
        decided = self._common() | {
            "LOG_LEVEL": level,
            "SERVICE_SECRET": credentials.services[service],
            "PROMETHEUS_MULTIPROC_DIR": str(self.places.metrics / service),
            "HEARTBEAT_FILE": str(self.places.heartbeat_of(workload.name)),
            "MONGODB_URI": stores.mongodb_url(f"tradepost_{service}"),
            "REDIS_URL": stores.redis_url(0),
            "KEY_FILE": str(self.places.key_file),
        }
        decided |= self._private(service, credentials) | self._aws(workload)
        if workload.kind is Kind.WEB:
            decided |= {"BIND": f"{HOST}:{self.port_of(workload)}", "WEB_THREADS": str(workload.threads)}
        return caller | decided

    def environment_of_moto(self) -> dict[str, str]:
        """Return the environment of moto's own process."""
        common = self._common() | {"HEARTBEAT_FILE": str(self.places.heartbeat_of("moto"))}
        return self._callers() | common | addresses.sdk_environment(self.moto_port)

    def _callers(self) -> dict[str, str]:
        """Return what the caller exported, without what would lead moto's guests to the caller's true account."""
        return {
            name: value
            for name, value in self.environment.items()
            if name not in FOREIGN and not (self.has_moto and name.startswith("AWS_"))
        }

    def _aws(self, workload: Workload) -> dict[str, str]:
        """Return what leads a workload to moto instead of the local backends."""
        if not self.has_moto:
            return {}
        environment = self._common()["TRADEPOST_ENV"]
        decided = addresses.sdk_environment(self.moto_port) | addresses.backend_environment(environment)
        if workload.kind is Kind.WORKER:
            decided |= addresses.worker_environment(environment, service_of(workload), self.moto_port)
        return decided

    def _common(self) -> dict[str, str]:
        data = self.places.data
        return {f"{name.upper()}_URL": self.url_of(name) for name in _called_names()} | {
            "TRADEPOST_ENV": self.environment.get("TRADEPOST_ENV") or "demo",
            "WEB_GRACEFUL_SECONDS": "5",
            "STORAGE_DIR": str(data / "storage"),
            "WORKSPACE_DIR": str(data / "workspace"),
            "MAILBOX_DIR": str(data / "mailbox"),
            "SEARCH_DIR": str(data / "search"),
            "PSP_URL": self.url_of("psp-sandbox"),
            "PSP_STATE_DIR": str(data / "psp-sandbox"),
            "PSP_WEBHOOK_URL": f"{self.url_of('gateway')}/api/v1/webhooks/sandbox",
            "PUBLIC_GATEWAY_URL": self.url_of("gateway"),
            "PUBLIC_CUSTOMER_URL": self.url_of("customer"),
            "PUBLIC_ADMIN_URL": f"{self.url_of('admin')}/admin",
            "PUBLIC_PSP_URL": self.url_of("psp-sandbox"),
        }

    def _private(self, service: str, credentials: Credentials) -> dict[str, str]:
        """Return what only one service may know."""
        if service == "users":
            return {
                "SERVICE_SECRET_HASHES": credentials.hashes(),
                "SIGNING_KEY_FILE": str(self.places.signing_key),
            }
        if service in {"payments", "psp-sandbox"}:
            return {"PSP_API_KEY": credentials.psp_api_key, "PSP_WEBHOOK_SECRET": credentials.psp_webhook_secret}
        return {}


def service_of(workload: Workload) -> str:
    """Return the service a process belongs to: `orders` for `orders-worker`."""
    for suffix in (f"-{Kind.WORKER}", f"-{Kind.JOBS}"):
        if workload.name.endswith(suffix):
            return workload.name.removesuffix(suffix)
    return workload.name


def _called_names() -> list[str]:
    called = {name for workload in WORKLOADS for name in workload.calls}
    return sorted(called)


def make_plan(places: Places, workloads: Sequence[Workload] = WORKLOADS) -> Plan:
    """Return the plan that the environment describes: PORT_OFFSET shifts all ports."""
    return Plan(places, dict(os.environ), workloads, int(os.environ.get("PORT_OFFSET") or 0))
