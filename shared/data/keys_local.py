"""The key backend `local`: data keys are wrapped by a key in a local file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.base.errors import SettingsInvalid
from shared.base.settings import KeySettings
from shared.data.keys import DATA_KEY_BYTES, CiphertextInvalid, DataKey

NONCE_BYTES = 12
NAME_BYTES = 8


class LocalKeys:
    """Wraps with the first key and unwraps with all keys: a new first key rotates them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._by_name = {hashlib.sha256(key).digest()[:NAME_BYTES]: AESGCM(key) for key in keys}
        self._first = next(iter(self._by_name))

    def new_data_key(self, context: Mapping[str, str]) -> DataKey:
        plain, nonce = os.urandom(DATA_KEY_BYTES), os.urandom(NONCE_BYTES)
        return DataKey(plain, self._first + nonce + self._by_name[self._first].encrypt(nonce, plain, _bound(context)))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        key = self._by_name.get(wrapped[:NAME_BYTES])
        if key is None:
            raise CiphertextInvalid("KEY_FILE lacks the key that wrapped this data key")
        nonce, body = wrapped[NAME_BYTES : NAME_BYTES + NONCE_BYTES], wrapped[NAME_BYTES + NONCE_BYTES :]
        try:
            return key.decrypt(nonce, body, _bound(context))
        except (InvalidTag, ValueError) as fault:
            raise CiphertextInvalid("The data key was changed, or wrapped for another service or purpose") from fault


def build_keys(settings: KeySettings) -> LocalKeys:
    """Return the keys of KEY_FILE: base64 keys of 32 bytes, one a line."""
    if not settings.key_file:
        raise SettingsInvalid("KeySettings: KEY_FILE is missing (KEY_BACKEND is local)")
    return LocalKeys(read_keys(settings.key_file))


def read_keys(path: str) -> list[bytes]:
    """Return the keys of the file; raise SettingsInvalid if it has none, or other users may read it."""
    file = Path(path)
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsInvalid(f"KEY_FILE {path} can be read by others; its mode must be 0600")
        keys = [base64.b64decode(line, validate=True) for line in file.read_text().split()]
    except (OSError, binascii.Error, ValueError) as fault:
        raise SettingsInvalid(f"KEY_FILE {path} cannot be read: {type(fault).__name__}") from fault
    if not keys or any(len(key) != DATA_KEY_BYTES for key in keys):
        raise SettingsInvalid(f"KEY_FILE {path} must hold keys of 32 bytes in base64, one a line, the newest first")
    return keys


def new_key_line() -> bytes:
    """Return a new key as a line of a key file."""
    return base64.b64encode(os.urandom(DATA_KEY_BYTES)) + b"\n"


def _bound(context: Mapping[str, str]) -> bytes:
    return "\0".join(f"{name}={context[name]}" for name in sorted(context)).encode()
