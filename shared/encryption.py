"""
Envelope encryption of values at rest by AES-256-GCM; data keys stay in memory, so that the hot path asks nobody.

A sealed value is `E1 01` (mark and version), the length of the wrapped data key (2 bytes), that key, the nonce
(12 bytes), the ciphertext and its tag (16 bytes). Version, service, purpose and place are authenticated with it.
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

from shared.errors import Unavailable
from shared.keys import CiphertextInvalid, KeyService, build_keys
from shared.observability import get_logger
from shared.settings import KeySettings

log = get_logger()

PERSONAL, PAYMENT = "personal", "payment"
VERSION = b"\xe1\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
# Random nonces of 96 bits are safe for 2^32 values under one key; a key in use for a day limits what one leak opens.
VALUES_PER_KEY = 2**20
KEY_SECONDS = 24 * 3600.0
RENEWAL_RETRY_SECONDS = 60.0
KEYS_REMEMBERED = 1024


class Place(NamedTuple):
    """Where a value belongs: `purpose` chooses its data key, `name` (`users.email`) is authenticated with it."""

    purpose: str
    name: str


@dataclass
class _SealingKey:
    aead: AESGCM
    header: bytes
    values_left: int
    renew_at: float


class Cipher:
    """Seals and opens the values of one service; safe for threads, and no call is made while a lock is held."""

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
        self._sealing: dict[str, _SealingKey] = {}
        self._opening: OrderedDict[tuple[str, bytes], AESGCM] = OrderedDict()

    def seal(self, value: bytes, place: Place) -> bytes:
        """Return the value encrypted; raise Unavailable when there is no data key yet and none can be made."""
        key = self._sealing_key(place.purpose)
        nonce = os.urandom(NONCE_BYTES)
        return key.header + nonce + key.aead.encrypt(nonce, value, self._bound(place))

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Return what was sealed here; raise CiphertextInvalid, or Unavailable for a data key that is not known yet."""
        wrapped, body_at = _wrapped_key(sealed)
        key = self._opening_key(place.purpose, wrapped)
        nonce, body = sealed[body_at : body_at + NONCE_BYTES], sealed[body_at + NONCE_BYTES :]
        try:
            return key.decrypt(nonce, body, self._bound(place))
        except InvalidTag as fault:
            where = f"{self._service}: {place.name}"
            raise CiphertextInvalid(f"{where} cannot be decrypted: it was changed, or belongs elsewhere") from fault

    def context(self, purpose: str) -> dict[str, str]:
        """Return what a data key of this purpose is bound to."""
        return {"service": self._service, "purpose": purpose}

    def _bound(self, place: Place) -> bytes:
        return VERSION + "\0".join((self._service, *place)).encode()

    def _sealing_key(self, purpose: str) -> _SealingKey:
        with self._lock:
            current = self._sealing.get(purpose)
            if current is not None:
                current.values_left -= 1
                if current.values_left > 0 and self._clock() < current.renew_at:
                    return current
                # The others go on with it while this thread fetches the next.
                current.values_left, current.renew_at = self._values_per_key, self._clock() + RENEWAL_RETRY_SECONDS
        try:
            return self._renew(purpose)
        except Unavailable:
            if current is None:
                raise
            log.warning("data_key_kept", service=self._service, purpose=purpose)
            return current

    def _renew(self, purpose: str) -> _SealingKey:
        made = self.keys.new_data_key(self.context(purpose))
        aead = AESGCM(made.plain)
        header = VERSION + len(made.wrapped).to_bytes(2, "big") + made.wrapped
        key = _SealingKey(aead, header, self._values_per_key, self._clock() + self._key_seconds)
        with self._lock:
            self._sealing[purpose] = key
            self._remember((purpose, made.wrapped), aead)
        return key

    def _opening_key(self, purpose: str, wrapped: bytes) -> AESGCM:
        known_as = (purpose, wrapped)
        with self._lock:
            known = self._opening.get(known_as)
            if known is not None:
                self._opening.move_to_end(known_as)
                return known
        opened = AESGCM(self.keys.unwrap(wrapped, self.context(purpose)))
        with self._lock:
            self._remember(known_as, opened)
        return opened

    def _remember(self, known_as: tuple[str, bytes], key: AESGCM) -> None:
        self._opening[known_as] = key
        if len(self._opening) > self._keys_remembered:
            self._opening.popitem(last=False)


def is_sealed(value: Any) -> bool:
    """Tell a sealed value from one that an older version stored as it was."""
    return isinstance(value, bytes) and value.startswith(VERSION)


def _wrapped_key(sealed: bytes) -> tuple[bytes, int]:
    """Return the wrapped data key and where the nonce begins."""
    start = len(VERSION) + 2
    end = start + int.from_bytes(sealed[len(VERSION) : start], "big")
    if not is_sealed(sealed) or len(sealed) < end + NONCE_BYTES + TAG_BYTES:
        raise CiphertextInvalid("This is no sealed value of a version that is known here")
    return sealed[start:end], end


_ciphers: dict[str, Cipher] = {}


def use_keys(service: str, settings: KeySettings) -> None:
    """Let a service's documents be sealed with the keys that its settings choose."""
    _ciphers[service] = Cipher(service, build_keys(settings))


def cipher_of(service: str) -> Cipher:
    """Return the service's cipher; raise LookupError when it was given no keys."""
    if service not in _ciphers:
        raise LookupError(f"The service {service} was given no keys")
    return _ciphers[service]
