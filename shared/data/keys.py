"""Data keys for encryption at rest: who makes and unwraps them is chosen by KEY_BACKEND."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, cast

from shared.base.settings import KeySettings

DATA_KEY_BYTES = 32

# Loaded by name, so that an installation imports the adapter it uses and no other.
BACKENDS = {"local": "shared.data.keys_local", "kms": "shared.data.keys_kms"}


class CiphertextInvalid(Exception):
    """What is stored cannot be decrypted: it was changed, or belongs to another service, purpose or field."""


@dataclass(frozen=True)
class DataKey:
    """A key that encrypts values (`plain`, 32 bytes, kept in memory only) and the form in which it is stored."""

    plain: bytes = field(repr=False)
    wrapped: bytes


class KeyService(Protocol):
    """
    Makes data keys and unwraps them; `context` ({service, purpose}) is bound to each.

    Both raise Unavailable when it does not answer; a wrapped key is unwrapped in its own context only.
    """

    def new_data_key(self, context: Mapping[str, str]) -> DataKey:
        """Return a new data key."""

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the data key that was wrapped; raise CiphertextInvalid when it is none of ours or of this context."""


def build_keys(settings: KeySettings) -> KeyService:
    """Return the key service that the settings choose; raise SettingsInvalid when its own settings are missing."""
    return cast(KeyService, import_module(BACKENDS[settings.key_backend]).build_keys(settings))
