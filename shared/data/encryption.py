"""
Envelope encryption of stored values by AES-256-GCM; data keys are cached in memory, so that hot paths make no call.

An encrypted value is `E1 01` (mark and version), the length of the wrapped data key (2 bytes), that key, the nonce
(12 bytes), the ciphertext and its tag (16 bytes). Version, service, purpose and field are authenticated with it.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.base.errors import Unavailable
from shared.base.settings import KeySettings
from shared.data.keys import CiphertextInvalid, KeyService, build_keys
from shared.observe.observability import get_logger

log = get_logger()

PERSONAL, PAYMENT = "personal", "payment"
VERSION = b"\xe1\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
# Random nonces of 96 bits are safe for 2^32 values per key; a new key each day limits the damage of one leaked key.
VALUES_PER_KEY = 2**20
KEY_SECONDS = 24 * 3600.0
RENEWAL_RETRY_SECONDS = 60.0
KEYS_REMEMBERED = 1024


class FieldContext(NamedTuple):
    """The field of a value: `purpose` selects the data key, `name` (`users.email`) is authenticated with the value."""

    purpose: str
    name: str


@dataclass
class _EncryptionKey:
    aead: AESGCM
    header: bytes
    values_left: int
    renew_at: float


class Cipher:
    """Encrypts and decrypts values of one service; safe for threads; calls of the key service hold no lock."""

    def __init__(
        self,
        service: str,
        keys: KeyService,
        *,
        values_per_key: int = VALUES_PER_KEY,
        key_seconds: float = KEY_SECONDS,
        keys_remembered: int = KEYS_REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self.keys = keys
        self._values_per_key = values_per_key
        self._key_seconds = key_seconds
        self._keys_remembered = keys_remembered
        self._clock = clock
        self._lock = threading.Lock()
        self._encryption_keys: dict[str, _EncryptionKey] = {}
        self._decryption_keys: OrderedDict[tuple[str, bytes], AESGCM] = OrderedDict()

    def encrypt(self, value: bytes, field: FieldContext) -> bytes:
        """Return the value encrypted; raise Unavailable if no data key is cached and none can be created."""
        key = self._encryption_key(field.purpose)
        nonce = os.urandom(NONCE_BYTES)
        return key.header + nonce + key.aead.encrypt(nonce, value, self._bound(field))

    def decrypt(self, encrypted: bytes, field: FieldContext) -> bytes:
        """Return the plain value; raise CiphertextInvalid, or Unavailable when its data key cannot be unwrapped now."""
        wrapped, body_at = _wrapped_key(encrypted)
        key = self._decryption_key(field.purpose, wrapped)
        nonce, body = encrypted[body_at : body_at + NONCE_BYTES], encrypted[body_at + NONCE_BYTES :]
        try:
            return key.decrypt(nonce, body, self._bound(field))
        except InvalidTag as fault:
            where = f"{self._service}: {field.name}"
            raise CiphertextInvalid(
                f"{where} cannot be decrypted: it was changed, or is the value of another field"
            ) from fault

    def context(self, purpose: str) -> dict[str, str]:
        """Return the context to which a data key of this purpose is bound."""
        return {"service": self._service, "purpose": purpose}

    def _bound(self, field: FieldContext) -> bytes:
        return VERSION + "\0".join((self._service, *field)).encode()

    def _encryption_key(self, purpose: str) -> _EncryptionKey:
        with self._lock:
            current = self._encryption_keys.get(purpose)
            if current is not None:
                current.values_left -= 1
                if current.values_left > 0 and self._clock() < current.renew_at:
                    return current
                # Other threads keep using the current key while this thread fetches a new one.
                current.values_left, current.renew_at = self._values_per_key, self._clock() + RENEWAL_RETRY_SECONDS
        try:
            return self._renew(purpose)
        except Unavailable:
            if current is None:
                raise
            log.warning("data_key_renewal_failed", service=self._service, purpose=purpose)
            return current

    def _renew(self, purpose: str) -> _EncryptionKey:
        made = self.keys.new_data_key(self.context(purpose))
        aead = AESGCM(made.plain)
        header = VERSION + len(made.wrapped).to_bytes(2, "big") + made.wrapped
        key = _EncryptionKey(aead, header, self._values_per_key, self._clock() + self._key_seconds)
        with self._lock:
            self._encryption_keys[purpose] = key
            self._remember((purpose, made.wrapped), aead)
        return key

    def _decryption_key(self, purpose: str, wrapped: bytes) -> AESGCM:
        known_as = (purpose, wrapped)
        with self._lock:
            known = self._decryption_keys.get(known_as)
            if known is not None:
                self._decryption_keys.move_to_end(known_as)
                return known
        decrypted = AESGCM(self.keys.unwrap(wrapped, self.context(purpose)))
        with self._lock:
            self._remember(known_as, decrypted)
        return decrypted

    def _remember(self, known_as: tuple[str, bytes], key: AESGCM) -> None:
        self._decryption_keys[known_as] = key
        if len(self._decryption_keys) > self._keys_remembered:
            self._decryption_keys.popitem(last=False)


def is_encrypted(value: Any) -> bool:
    """Return whether the value is encrypted; older versions stored plain values."""
    return isinstance(value, bytes) and value.startswith(VERSION)


def _wrapped_key(encrypted: bytes) -> tuple[bytes, int]:
    """Return the wrapped data key and the offset of the nonce."""
    start = len(VERSION) + 2
    end = start + int.from_bytes(encrypted[len(VERSION) : start], "big")
    if not is_encrypted(encrypted) or len(encrypted) < end + NONCE_BYTES + TAG_BYTES:
        raise CiphertextInvalid("This is not an encrypted value of a known version")
    return encrypted[start:end], end


_ciphers: dict[str, Cipher] = {}


def use_keys(service: str, settings: KeySettings) -> None:
    """Set the keys that encrypt the documents of a service."""
    _ciphers[service] = Cipher(service, build_keys(settings))


def cipher_of(service: str) -> Cipher:
    """Return the cipher of the service; raise LookupError if `use_keys` was not called for it."""
    if service not in _ciphers:
        raise LookupError(f"The service {service} has no keys: call use_keys first")
    return _ciphers[service]
