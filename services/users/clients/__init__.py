"""The signing keys, the password hasher and the services' secrets, built once from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from services.users.clients.keys import KeyRing, load_keys, new_key, parse_keys
from services.users.clients.passwords import PasswordQueue
from services.users.clients.revocations import RevocationPublisher
from services.users.config import DEMO_MODE, UsersSettings
from shared.base.errors import SettingsInvalid
from shared.web.service import current_clients
from shared.web.tokens import KeySource

TEST_MODE = "test"
MODES_WITH_GENERATED_KEYS = (DEMO_MODE, TEST_MODE)


@dataclass(frozen=True)
class Clients:
    """`mode` is TRADEPOST_ENV; `secret_hashes` are the services' secrets as SHA-256."""

    keys: KeyRing
    passwords: PasswordQueue
    secret_hashes: Mapping[str, str]
    mode: str
    session_days: int
    revocations: RevocationPublisher

    @classmethod
    def build(cls, settings: UsersSettings, also: KeySource | None = None) -> Clients:
        return cls(
            keys=KeyRing(_signing_keys(settings), also),
            passwords=PasswordQueue(settings.hashing_queue),
            secret_hashes=settings.secret_hashes(),
            mode=settings.tradepost_env,
            session_days=settings.session_days,
            revocations=RevocationPublisher(settings.redis_url),
        )


def _signing_keys(settings: UsersSettings) -> list[EllipticCurvePrivateKey]:
    if settings.signing_key:
        return parse_keys(settings.signing_key.encode(), source="SIGNING_KEY")
    if settings.signing_key_file:
        may_generate = settings.tradepost_env in MODES_WITH_GENERATED_KEYS
        return load_keys(settings.signing_key_file, may_generate=may_generate)
    if settings.tradepost_env != TEST_MODE:
        raise SettingsInvalid("UsersSettings: SIGNING_KEY or SIGNING_KEY_FILE is missing")
    return [new_key()]


def clients() -> Clients:
    """Return the clients of the current application."""
    return current_clients(Clients)
