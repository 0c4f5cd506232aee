"""Settings read once from the environment; all that is missing or malformed is reported together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from importlib import import_module
from typing import Any, Self, get_type_hints
from urllib.parse import parse_qsl, urlsplit

from shared.base.errors import SettingsInvalid

KEPT_AT_AWS = ("ssm:", "secretsmanager:")


def _parse(kind: Any, raw: str) -> Any:
    if kind is bool:
        if raw.lower() not in {"true", "false", "1", "0"}:
            raise ValueError("must be true or false")
        return raw.lower() in {"true", "1"}
    if kind in (int, float):
        return kind(raw)
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    return raw


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    Base of every `config.py`: a frozen dataclass whose fields are environment variables in upper case.

    A field may carry `metadata={"choices": (...)}`: an unknown value is refused at start, by name.
    A variable may hold `ssm:/path` or `secretsmanager:name[#key]`: its value is then read there.
    """

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Self:
        """Read every field that is not `given`; raise SettingsInvalid naming all that are missing or malformed."""
        source = os.environ if environment is None else environment
        hints = get_type_hints(cls)
        values: dict[str, Any] = dict(given)
        faults: list[str] = []
        for each in fields(cls):
            if each.name in values:
                continue
            try:
                value = _read(each, hints[each.name], source)
            except ValueError as fault:
                faults.append(f"{each.name.upper()} {fault}")
                continue
            if value is not MISSING:
                values[each.name] = value
        if faults:
            raise SettingsInvalid(f"{cls.__name__}: " + "; ".join(faults))
        return cls(**values)


def _read(setting: Field[Any], kind: Any, source: Mapping[str, str]) -> Any:
    raw = source.get(setting.name.upper(), "")
    if not raw:
        if setting.default is MISSING and setting.default_factory is MISSING:
            raise ValueError("is missing")
        return MISSING
    if raw.startswith(KEPT_AT_AWS):
        return _read_at_aws(setting, kind, raw)
    return _checked(setting, kind, raw)


def _checked(setting: Field[Any], kind: Any, raw: str) -> Any:
    value = _parse(kind, raw)
    choices = setting.metadata.get("choices")
    if choices and value not in choices:
        raise ValueError(f"is {raw!r}; it must be one of {', '.join(choices)}")
    return value


def _read_at_aws(setting: Field[Any], kind: Any, reference: str) -> Any:
    """Read what `reference` names; its value, which may be a secret, stands in no message."""
    value: str = import_module("shared.base.settings_aws").resolve(reference)
    if not value:
        raise ValueError(f"is empty in {reference}")
    try:
        return _checked(setting, kind, value)
    except ValueError:
        raise ValueError(f"has a value in {reference} that it cannot take") from None


def one_of(default: str, *others: str) -> str:
    """Declare a setting that takes these values only: `metrics_backend: str = one_of("prometheus", "emf")`."""
    choice: str = field(default=default, metadata={"choices": (default, *others)})
    return choice


@dataclass(frozen=True, kw_only=True)
class ObservedSettings(Settings):
    """How any workload lets itself be watched; `emf` writes CloudWatch's metrics, `otlp` sends spans to a collector."""

    tradepost_env: str = "prod"
    log_level: str = "INFO"
    metrics_backend: str = one_of("prometheus", "emf")
    tracing_backend: str = one_of("none", "otlp")


def require_verified_tls(variable: str, url: str, refused: Mapping[str, tuple[str, ...]]) -> None:
    """Raise SettingsInvalid when an address asks for TLS that verifies nobody; `refused` is option: values."""
    for name, value in parse_qsl(urlsplit(url).query):
        if value.lower() in refused.get(name.lower(), ()):
            raise SettingsInvalid(f"{variable} asks for {name}={value}; the server's certificate is always verified")


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(ObservedSettings):
    """What every service reads; `mongodb_uri` names the service's own database in its path."""

    redis_url: str
    users_url: str = "http://users:8080"
    service_secret: str = ""
    max_body_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class KeySettings(Settings):
    """What encrypts data at rest: a key file of this machine, or the KMS key `kms_key_id` (an ARN)."""

    key_backend: str = field(default="local", metadata={"choices": ("local", "kms")})
    key_file: str = ""
    kms_key_id: str = ""


@dataclass(frozen=True, kw_only=True)
class StoreSettings(ServiceSettings, KeySettings):
    """A service with a database of its own; a job still at work `hand_back_seconds` after SIGTERM is queued again."""

    mongodb_uri: str
    hand_back_seconds: int = 60
    mongodb_pool: int = 32
    event_broker: str = field(default="redis", metadata={"choices": ("redis", "sns")})
