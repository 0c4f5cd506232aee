"""Search by an encrypted value: an HMAC-SHA-256 of the value, with a key that only the key service can unwrap."""

from __future__ import annotations

import hashlib
import hmac

from pymongo.errors import DuplicateKeyError

from shared.data.encryption import Cipher, cipher_of
from shared.data.persistence import database, retry_on_failover

PURPOSE = "blind-index"
_known: dict[str, tuple[Cipher, bytes]] = {}


def blind_index(service: str, name: str, value: str) -> str:
    """Return the index entry of `value`; equal values of one service and name (`users.email`) have equal entries."""
    text = f"{name}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.new(_index_key(service), text, hashlib.sha256).hexdigest()


def _index_key(service: str) -> bytes:
    """Return the index key of the service: created once, stored wrapped in its database, cached in memory."""
    cipher = cipher_of(service)
    owner, key = _known.get(service, (None, b""))
    if owner is not cipher:
        key = cipher.keys.unwrap(_wrapped_key(service, cipher), cipher.context(PURPOSE))
        _known[service] = cipher, key
    return key


def _wrapped_key(service: str, cipher: Cipher) -> bytes:
    stored = database(service)["index_keys"]
    found = retry_on_failover(lambda: stored.find_one({"_id": PURPOSE}))
    if found is None:
        found = {"_id": PURPOSE, "wrapped": cipher.keys.new_data_key(cipher.context(PURPOSE)).wrapped}
        try:
            retry_on_failover(lambda: stored.insert_one(found))
        except DuplicateKeyError:  # another process stored its key first
            return _wrapped_key(service, cipher)
    return bytes(found["wrapped"])
