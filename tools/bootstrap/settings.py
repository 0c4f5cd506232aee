"""What the bootstrap reads from its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.notifications.config import NotificationsSettings
from shared.base.errors import SettingsInvalid
from shared.base.mail_addresses import AddressNotMailable, mailable_address
from shared.base.settings import Settings
from shared.base.settings_aws import resolve


@dataclass(frozen=True, kw_only=True)
class BootstrapSettings(Settings):
    """
    The database's administrator is in a secret, JSON with username and password: `documentdb_admin_secret` is that
    text, else it is read from `documentdb_admin_secret_arn`. The database's address is a variable, or in
    the secret.

    `mongodb_options` are the options of every connection string; `kms_key_id` encrypts every secret made here.
    """

    kms_key_id: str
    owner_email: str
    public_admin_url: str
    tradepost_env: str
    documentdb_admin_secret: str = ""
    documentdb_admin_secret_arn: str = ""
    documentdb_endpoint: str = ""
    documentdb_port: str = ""
    copilot_application_name: str = "tradepost"
    psp_backend: str = field(default="none", metadata={"choices": ("sandbox", "none")})
    mongodb_options: str = "tls=true&tlsCAFile=/app/shared/certificates/amazon-rds.pem&replicaSet=rs0&retryWrites=false"

    def admin(self) -> Admin:
        """Return the database's administrator; raise SettingsInvalid when the secret is none, or cannot be read."""
        try:
            text = self.documentdb_admin_secret or resolve(f"secretsmanager:{self.documentdb_admin_secret_arn}")
        except ValueError as fault:
            raise SettingsInvalid(f"DOCUMENTDB_ADMIN_SECRET_ARN {fault}") from fault
        try:
            secret = json.loads(text)
            return Admin(
                username=secret["username"],
                password=secret["password"],
                host=self.documentdb_endpoint or secret["host"],
                port=str(self.documentdb_port or secret.get("port", 27017)),
            )
        except (ValueError, KeyError, TypeError) as fault:
            raise SettingsInvalid(
                "The database administrator's secret must be JSON with username and password, "
                "and host unless DOCUMENTDB_ENDPOINT is given"
            ) from fault


@dataclass(frozen=True)
class Admin:
    """Who may create users in the database, and where it is."""

    username: str
    password: str
    host: str
    port: str


def read_settings(environment: Mapping[str, str]) -> tuple[BootstrapSettings, NotificationsSettings]:
    """Return our settings and those of the mail; raise SettingsInvalid naming all that is missing of both."""
    faults: list[str] = []
    ours = mail = None
    try:
        ours = BootstrapSettings.from_env(environment)
    except SettingsInvalid as fault:
        faults.append(str(fault))
    try:
        mailable_address(environment.get("OWNER_EMAIL", "").strip())
    except AddressNotMailable as fault:
        faults += [f"OWNER_EMAIL: {fault}"] if environment.get("OWNER_EMAIL") else []
    if not (environment.get("DOCUMENTDB_ADMIN_SECRET") or environment.get("DOCUMENTDB_ADMIN_SECRET_ARN")):
        faults.append("DOCUMENTDB_ADMIN_SECRET_ARN is missing")
    try:
        # An invitation needs neither stores nor the customer portal.
        elsewhere = dict.fromkeys(("redis_url", "mongodb_uri", "public_customer_url"), "")
        mail = NotificationsSettings.from_env(environment, **elsewhere)
    except SettingsInvalid as fault:
        faults.append(str(fault))
    if ours is None or mail is None or faults:
        raise SettingsInvalid("; ".join(faults))
    return ours, mail
