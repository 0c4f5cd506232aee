"""The demo's secrets, drawn once and kept in a file only its owner reads."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass

from shared.data.keys_local import new_key_line
from shared.web.signing_keys import new_signing_key
from tools.private_files import write_privately
from tools.up.places import Places


@dataclass(frozen=True)
class Credentials:
    """What the demo's workloads prove themselves with: `services` maps a name to its secret; the stores share one."""

    services: dict[str, str]
    psp_api_key: str
    psp_webhook_secret: str
    store_password: str

    def hashes(self) -> str:
        """Return, as JSON, what users may know of the services' secrets: their SHA-256."""
        return json.dumps({name: hashlib.sha256(secret.encode()).hexdigest() for name, secret in self.services.items()})


def load_credentials(places: Places, names: list[str]) -> Credentials:
    """Return the kept secrets; draw those that are missing, for a new workload too."""
    kept = json.loads(places.secrets.read_text()) if places.secrets.exists() else {}
    known = kept.get("services", {})
    credentials = Credentials(
        services={name: known.get(name) or secrets.token_urlsafe(32) for name in names} | known,
        psp_api_key=kept.get("psp_api_key") or f"sk_sandbox_{secrets.token_urlsafe(24)}",
        psp_webhook_secret=kept.get("psp_webhook_secret")
        or f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        # Hexadecimal: it stands in addresses, in a key file and in a configuration file.
        store_password=kept.get("store_password") or secrets.token_hex(24),
    )
    if asdict(credentials) != kept:
        write_privately(places.secrets, json.dumps(asdict(credentials), indent=2).encode())
    if not places.signing_key.exists():
        write_privately(places.signing_key, new_signing_key())
    if not places.key_file.exists():
        write_privately(places.key_file, new_key_line())
    return credentials


def read_store_password(places: Places) -> str:
    """Return the password of both stores, empty before the first start."""
    kept = json.loads(places.secrets.read_text()) if places.secrets.exists() else {}
    return str(kept.get("store_password", ""))
