"""Settings read once from the environment; all missing and malformed variables are reported together."""

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

    A field with `metadata={"choices": (...)}` accepts these values only.
    A variable may hold `ssm:/path` or `secretsmanager:name[#key]`: its value is then read from AWS.
    """

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Self:
        """Return the settings with every field that is not `given` read from the environment; raise SettingsInvalid."""
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
    """Return the value that `reference` names at AWS; no error message holds the value, which may be a secret."""
    value: str = import_module("shared.base.settings_aws").resolve(reference)
    if not value:
        raise ValueError(f"is empty in {reference}")
    try:
        return _checked(setting, kind, value)
    except ValueError:
        raise ValueError(f"has an invalid value in {reference}") from None


def one_of(default: str, *others: str) -> str:
    """Return a field that takes these values only: `metrics_backend: str = one_of("prometheus", "emf")`."""
    choice: str = field(default=default, metadata={"choices": (default, *others)})
    return choice


@dataclass(frozen=True, kw_only=True)
class ObservedSettings(Settings):
    """Logs, metrics and traces of a workload; `emf` writes CloudWatch metrics, `otlp` sends spans to a collector."""

    tradepost_env: str = "prod"
    log_level: str = "INFO"
    metrics_backend: str = one_of("prometheus", "emf")
    tracing_backend: str = one_of("none", "otlp")


def require_verified_tls(variable: str, url: str, refused: Mapping[str, tuple[str, ...]]) -> None:
    """Raise SettingsInvalid when a URL turns certificate checks off; `refused` maps option names to refused values."""
    for name, value in parse_qsl(urlsplit(url).query):
        if value.lower() in refused.get(name.lower(), ()):
            raise SettingsInvalid(f"{variable} has {name}={value}; the server certificate is always verified")


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(ObservedSettings):
    """Settings of every service."""

    redis_url: str
    users_url: str = "http://users:8080"
    service_secret: str = ""
    max_body_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class KeySettings(Settings):
    """Where the keys of data at rest are: a key file on this machine, or the KMS key `kms_key_id` (an ARN)."""

    key_backend: str = field(default="local", metadata={"choices": ("local", "kms")})
    key_file: str = ""
    kms_key_id: str = ""


@dataclass(frozen=True, kw_only=True)
class StoreSettings(ServiceSettings, KeySettings):
    """
    Settings of a service with a database; `mongodb_uri` names the database in its path.

    A job that still runs `hand_back_seconds` after SIGTERM is queued again.
    """

    mongodb_uri: str
    hand_back_seconds: int = 60
    mongodb_pool: int = 32
    event_broker: str = field(default="redis", metadata={"choices": ("redis", "sns")})
