"""Every secret that an installation's manifests name, drawn once and kept."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from shared.web.signing_keys import new_signing_key
from tools.bootstrap.database import STORED, database_name
from tools.bootstrap.settings import Admin, BootstrapSettings
from tools.bootstrap.vault import Vault

Say = Callable[[str, bool], None]

# The portals sign their forms with theirs; no token is issued for it.
PORTALS = ("admin", "customer")


def keep_secrets(vault: Vault, settings: BootstrapSettings, say: Say) -> dict[str, str]:
    """Create missing secrets, report whether each is new, and return the services' connection strings."""
    admin = settings.admin()
    uris, hashes = {}, {}
    for service in STORED:
        uris[service], is_new = vault.keep(service, "MONGODB_URI", partial(_uri, service, admin, settings))
        say(f"secret {service}/MONGODB_URI", is_new)
    for service in (*STORED, *PORTALS):
        secret, is_new = vault.keep(service, "SERVICE_SECRET", lambda: secrets.token_urlsafe(32))
        say(f"secret {service}/SERVICE_SECRET", is_new)
        if service in STORED:
            hashes[service] = hashlib.sha256(secret.encode()).hexdigest()
    say("secret users/SERVICE_SECRET_HASHES", vault.put("users", "SERVICE_SECRET_HASHES", json.dumps(hashes)))
    say("secret users/SIGNING_KEY", vault.keep("users", "SIGNING_KEY", lambda: new_signing_key().decode())[1])
    if settings.psp_backend == "sandbox":
        for name, draw in (("PSP_API_KEY", _api_key), ("PSP_WEBHOOK_SECRET", _webhook_secret)):
            say(f"secret payments/{name}", vault.keep("payments", name, draw)[1])
    return uris


def _uri(service: str, admin: Admin, settings: BootstrapSettings) -> str:
    name, password = database_name(service), secrets.token_urlsafe(32)
    place = f"{admin.host}:{admin.port}/{name}"
    return f"mongodb://{name}:{quote(password, safe='')}@{place}?authSource=admin&{settings.mongodb_options}"


def _api_key() -> str:
    return f"sk_sandbox_{secrets.token_urlsafe(24)}"


def _webhook_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
