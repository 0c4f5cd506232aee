"""Data keys for encryption at rest; KEY_BACKEND selects the key service that creates and unwraps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, cast

from shared.base.settings import KeySettings

DATA_KEY_BYTES = 32

# Imported by name, so that an installation imports only the adapter that it uses.
BACKENDS = {"local": "shared.data.keys_local", "kms": "shared.data.keys_kms"}


class CiphertextInvalid(Exception):
    """A stored value cannot be decrypted: it was changed, or belongs to another service, purpose or field."""


@dataclass(frozen=True)
class DataKey:
    """A key that encrypts values (`plain`, 32 bytes, kept in memory only) and the form in which it is stored."""

    plain: bytes = field(repr=False)
    wrapped: bytes


class KeyService(Protocol):
    """
    Creates data keys and unwraps them; each is bound to a `context` ({service, purpose}).

    Both methods raise Unavailable while the key service does not answer.
    """

    def new_data_key(self, context: Mapping[str, str]) -> DataKey:
        """Return a new data key."""

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plain data key; raise CiphertextInvalid for a foreign or changed key, or for another context."""


def build_keys(settings: KeySettings) -> KeyService:
    """Return the key service of KEY_BACKEND; raise SettingsInvalid when its settings are missing."""
    return cast(KeyService, import_module(BACKENDS[settings.key_backend]).build_keys(settings))
