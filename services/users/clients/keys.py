"""The keys that sign every token: a file of PEM private keys, published as a JWKS."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.base.errors import AccessTokenInvalid, SettingsInvalid
from shared.web.signing_keys import new_signing_key
from shared.web.tokens import ALGORITHM, KeySource, TokenSigner

_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


@dataclass(frozen=True)
class KeySet:
    """A JWKS (RFC 7517): public keys in the members of RFC 7518."""

    keys: list[dict[str, str]]


class KeyRing:
    """
    Signs with the first key and verifies with all; `also` verifies what none of them signed.

    A key's id is its thumbprint (RFC 7638), so that it needs no name of its own.
    """

    def __init__(self, private_keys: Sequence[ec.EllipticCurvePrivateKey], also: KeySource | None = None) -> None:
        published = [_public_jwk(key) for key in private_keys]
        self.signer = TokenSigner(private_keys[0], published[0]["kid"])
        self.jwks = KeySet(published)
        self._public = {jwk["kid"]: key.public_key() for jwk, key in zip(published, private_keys, strict=True)}
        self._also = also

    def key(self, kid: str) -> Any:
        if kid in self._public:
            return self._public[kid]
        if self._also is not None:
            return self._also.key(kid)
        raise AccessTokenInvalid("The access token is signed with an unknown key")


def load_keys(path: str, *, may_generate: bool) -> list[ec.EllipticCurvePrivateKey]:
    """Read the keys of a PEM file; generate one (mode 0600) when the file is absent and this installation may."""
    file = Path(path)
    if not file.exists() and may_generate:
        _generate_key(file)
    try:
        pems = file.read_bytes()
    except OSError as fault:
        raise SettingsInvalid(f"SIGNING_KEY_FILE {path} cannot be read: {type(fault).__name__}") from fault
    return parse_keys(pems, source=f"SIGNING_KEY_FILE {path}")


def parse_keys(pems: bytes, *, source: str) -> list[ec.EllipticCurvePrivateKey]:
    """Return the private keys of a PEM text, the signing one first; raise SettingsInvalid naming `source`."""
    try:
        keys = [serialization.load_pem_private_key(pem, password=None) for pem in _PEM.findall(pems)]
    except (ValueError, TypeError) as fault:
        raise SettingsInvalid(f"{source} cannot be read: {type(fault).__name__}") from fault
    usable = [key for key in keys if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1"]
    if not usable or len(usable) != len(keys):
        raise SettingsInvalid(f"{source} must hold P-256 private keys in PEM, the signing one first")
    return usable


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _generate_key(file: Path) -> None:
    """Write a new key so that of several processes that start together exactly one writes it."""
    pem = new_signing_key()
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(pem)
    try:
        os.link(own, file)
    except FileExistsError:
        return
    finally:
        own.unlink()


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    members = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk = {name: str(members[name]) for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).decode().rstrip("=")
    return {**jwk, "kid": thumbprint, "alg": ALGORITHM, "use": "sig"}
