"""Settings of the users service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from shared.base.errors import SettingsInvalid
from shared.base.settings import StoreSettings

DEMO_MODE = "demo"


@dataclass(frozen=True, kw_only=True)
class UsersSettings(StoreSettings):
    """
    `signing_key_file` holds PEM private keys (P-256): the first signs, all are published, so that keys rotate by
    putting a new one in front; `signing_key` is their text itself, where secrets come from the environment.
    Only tests may do without, with a key in memory. `service_secret_hashes` is
    JSON: a service's name to the SHA-256 (hex) of its secret. `hashing_queue` sign-ins may wait for the one whose
    password is hashed: half of the threads, so that the others continue sessions meanwhile.
    """

    signing_key_file: str = ""
    signing_key: str = ""
    service_secret_hashes: str = "{}"  # noqa: S105 (an empty mapping)
    session_days: int = 30
    hashing_queue: int = 8

    def secret_hashes(self) -> Mapping[str, str]:
        """Return the services that may fetch tokens; raise SettingsInvalid when the variable is not such a mapping."""
        try:
            hashes = json.loads(self.service_secret_hashes)
        except json.JSONDecodeError as fault:
            raise SettingsInvalid("UsersSettings: SERVICE_SECRET_HASHES is not JSON") from fault
        if not isinstance(hashes, dict) or not all(map(_is_digest, hashes.values())):
            raise SettingsInvalid("UsersSettings: SERVICE_SECRET_HASHES must map names to SHA-256 in hexadecimal")
        return hashes


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64
