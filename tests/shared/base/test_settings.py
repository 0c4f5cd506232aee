"""Settings: read once, with all faults in one message."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from shared.base.errors import SettingsInvalid
from shared.base.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ToySettings(Settings):
    store_url: str
    pool: int = 4
    is_open: bool = False
    origins: tuple[str, ...] = ()
    backend: str = field(default="local", metadata={"choices": ("local", "s3")})


class TestFromEnv:
    def test_reads_every_kind_of_value(self):
        environment = {"STORE_URL": "x", "POOL": "7", "IS_OPEN": "true", "ORIGINS": "a, b", "BACKEND": "s3"}

        assert ToySettings.from_env(environment) == ToySettings(
            store_url="x", pool=7, is_open=True, origins=("a", "b"), backend="s3"
        )

    def test_names_all_missing_and_malformed_variables_at_once(self):
        with pytest.raises(SettingsInvalid) as refusal:
            ToySettings.from_env({"POOL": "many", "IS_OPEN": "perhaps", "BACKEND": "floppy"})

        assert all(name in str(refusal.value) for name in ("STORE_URL", "POOL", "IS_OPEN", "BACKEND", "local, s3"))
