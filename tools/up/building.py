"""Turns a plan into supervised processes: the stores, then one fork per workload."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from shared.base.workloads import BY_NAME, Kind, Workload
from shared.web.health import is_beating, is_serving
from tools.stores import (
    RunningStore,
    Stores,
    explain_death,
    launch_mongod,
    launch_redis,
    mongodb_address,
    redis_address,
)
from tools.up import entry, logs
from tools.up.credentials import Credentials, load_credentials
from tools.up.fork import Forked, fork
from tools.up.plan import Plan, service_of
from tools.up.supervised import Running, StopStage, Supervised


def stores_of(plan: Plan, credentials: Credentials) -> Stores:
    """Return the addresses of the stores: those of the caller's environment, else our own."""
    password = credentials.store_password
    return Stores(
        mongodb_base=plan.environment.get("MONGODB_URI") or mongodb_address(plan.mongod_port, password),
        redis_base=plan.environment.get("REDIS_URL") or redis_address(plan.redis_port, password),
    )


def credentials_of(plan: Plan) -> Credentials:
    names = {service_of(workload) for workload in [*plan.workloads, *BY_NAME.values()]}
    return load_credentials(plan.places, sorted(names))


def supervise_stores(plan: Plan, credentials: Credentials, say: Callable[[str], None]) -> list[Supervised]:
    """Return the stores that are not given by URL."""
    data, folder, password = plan.places.data, plan.places.logs, credentials.store_password

    def mongod() -> RunningStore:
        return launch_mongod(data / "mongod", plan.mongod_port, password=password, logs=folder)

    def valkey() -> RunningStore:
        return launch_redis(data / "redis", plan.redis_port, password=password, logs=folder)

    found = []
    if not plan.environment.get("MONGODB_URI"):
        found.append(_supervise_store("mongod", plan.mongod_port, mongod, say))
    if not plan.environment.get("REDIS_URL"):
        found.append(_supervise_store("valkey-server", plan.redis_port, valkey, say))
    if plan.has_moto:
        found.append(_supervise_moto(plan, say))
    return found


def _supervise_moto(plan: Plan, say: Callable[[str], None]) -> Supervised:
    """Return the emulated AWS: after a restart it is empty, and creates everything again under the same names."""
    log, heartbeat = plan.places.log_of("moto"), plan.places.heartbeat_of("moto")

    def launch() -> Forked:
        heartbeat.unlink(missing_ok=True)
        environment = plan.environment_of_moto()
        return fork(lambda: import_module("tools.aws.server").main(), name="moto", log=log, environment=environment)

    return Supervised(
        name="moto",
        port=plan.moto_port,
        launch=launch,
        is_ready=lambda _: is_beating(heartbeat),
        explain=lambda _: logs.last_words(log),
        say=say,
        stage=StopStage.STORE,
    )


def _supervise_store(
    name: str, port: int, launch: Callable[[], RunningStore], say: Callable[[str], None]
) -> Supervised:
    return Supervised(
        name=name,
        port=port,
        launch=launch,
        is_ready=lambda running: _store(running).is_ready(),
        explain=lambda running: explain_death(_store(running)),
        say=say,
        stage=StopStage.STORE,
    )


def supervise_workload(
    plan: Plan, workload: Workload, stores: Stores, credentials: Credentials, say: Callable[[str], None]
) -> Supervised:
    """Return one workload, not yet started; a restart runs the code as it is then."""
    log, heartbeat = plan.places.log_of(workload.name), plan.places.heartbeat_of(workload.name)
    port = plan.port_of(workload)

    def launch() -> Forked:
        heartbeat.unlink(missing_ok=True)
        environment = plan.environment_of(workload, stores, credentials)
        return fork(lambda: entry.become(workload), name=workload.name, log=log, environment=environment)

    def is_ready(_: Running) -> bool:
        if port is not None:
            return is_serving(port, "/health/ready", timeout=1.0)
        return is_beating(heartbeat)

    return Supervised(
        name=workload.name,
        port=port,
        launch=launch,
        is_ready=is_ready,
        explain=lambda _: logs.last_words(log),
        say=say,
        stage=StopStage.WEB if workload.kind is Kind.WEB else StopStage.WORK,
    )


def _store(running: Running) -> RunningStore:
    if not isinstance(running, RunningStore):
        raise TypeError(f"{running!r} is no store")
    return running
