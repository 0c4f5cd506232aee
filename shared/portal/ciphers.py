"""Ciphers whose keys derive from a secret, one per purpose."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def cipher(secret: str, purpose: bytes) -> Fernet:
    """Return the cipher of a secret for this purpose; another purpose has another key."""
    derived = HKDF(hashes.SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
