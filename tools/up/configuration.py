"""`make config`: the settings every workload reads, with their defaults and what this run gives them."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from shared.base.limits import describe_limits
from shared.base.settings import Settings
from shared.base.version import VERSION
from shared.base.workloads import Kind
from tools.up.building import credentials_of, stores_of
from tools.up.plan import Plan, service_of
from tools.up.report import table

HIDDEN = ("secret", "key", "hashes", "uri", "password")
SHOWN = ("signing_key_file", "key_file", "key_backend", "kms_key_id")


def describe(plan: Plan) -> str:
    """Return the settings per workload, a line each, then the table of limits."""
    parts = [
        f"Tradepost {VERSION}",
        "Settings: an environment variable each; * marks what this run does not leave at its default.",
    ]
    credentials = credentials_of(plan)
    stores = stores_of(plan, credentials)
    for workload in plan.workloads:
        settings = _settings_of(workload.package) if workload.kind is Kind.WEB else None
        if settings is None:
            continue
        environment = plan.environment_of(workload, stores, credentials)
        rows = [_row(field, environment) for field in fields(settings)]
        parts.append(
            f"{service_of(workload)} (port {plan.port_of(workload)}, {workload.threads} threads)\n{table(rows)}"
        )
    limits = describe_limits(plan.environment)
    parts.append(f"Limits per dependency and process: LIMIT_<DEPENDENCY>_<NAME> changes one.\n{limits}")
    return "\n\n".join(parts)


def _settings_of(package: str) -> type[Settings] | None:
    """Return the settings class a package's `config` module declares itself."""
    if find_spec(package) is None or find_spec(f"{package}.config") is None:
        return None
    config = import_module(f"{package}.config")
    declared = [
        each
        for each in vars(config).values()
        if isinstance(each, type) and issubclass(each, Settings) and each.__module__ == config.__name__
    ]
    return declared[0] if declared else None


def _row(field: Field[Any], environment: dict[str, str]) -> tuple[str, str]:
    default = _default_of(field)
    given = environment.get(field.name.upper())
    value = default if given is None else given
    mark = "" if given is None or given == default else " *"
    return f"  {field.name.upper()}", f"{_masked(field.name, value)}{mark}"


def _default_of(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)
    if field.default_factory is not MISSING:
        return str(field.default_factory())
    return "(required)"


def _masked(name: str, value: str) -> str:
    if name in SHOWN or value in ("", "(required)"):
        return value
    return "(set, hidden)" if any(word in name for word in HIDDEN) else value
