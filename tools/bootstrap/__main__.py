"""
Prepares an installation on AWS, once per release: `python -m tools.bootstrap`.

Secrets in Secrets Manager, a database user per service, migrations, indexes, roles, and an invitation by mail to
OWNER_EMAIL. Each step may be repeated, and killed at any moment: the next run goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from services.notifications.errors import MailNotDelivered, MailNotSendable
from services.users.people.documents import Role
from shared.base.errors import Problem, SettingsInvalid
from shared.data.encryption import use_keys
from shared.data.migrations import LEASE_SECONDS, MigrationsRefused, migrate
from shared.data.persistence import connect, disconnect
from shared.events.worker import heartbeat
from tools.bootstrap.database import STORED, align_user, build_indexes, migrations_of
from tools.bootstrap.owner import invite_owner
from tools.bootstrap.secrets import Say, keep_secrets
from tools.bootstrap.settings import BootstrapSettings, read_settings
from tools.bootstrap.vault import SecretRefused, Vault

REFUSALS = (
    SettingsInvalid,
    SecretRefused,
    MigrationsRefused,
    MailNotDelivered,
    MailNotSendable,
    Problem,  # the keys are away, or another run invites the owner at the same moment
    BotoCoreError,
    PyMongoError,
)


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run every step and return the exit status; a refusal is one sentence on stderr and status 1."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bootstrap", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resend", action="store_true", help="mail OWNER_EMAIL a new link even if one still serves")
    options = parser.parse_args(arguments)
    try:
        bootstrap(environment, resend=options.resend)
    except REFUSALS as refusal:
        print(f"bootstrap: {refusal}", file=sys.stderr, flush=True)
        return 1
    return 0


def report(step: str, is_new: bool) -> None:
    """Print a line per step, and let the health check see that the job goes on."""
    print(f"bootstrap: {step}: {'done' if is_new else 'already there'}", flush=True)
    heartbeat()


def bootstrap(environment: Mapping[str, str], *, resend: bool = False, say: Say = report) -> None:
    """Run every step in its order and report what each did; raises one of REFUSALS."""
    settings, mail = read_settings(environment)
    vault = Vault(settings.copilot_application_name, settings.tradepost_env, settings.kms_key_id)
    uris = keep_secrets(vault, settings, say)
    try:
        use_keys("users", mail)  # the task's role opens no other service's data (copilot/policies/data-key.yml)
        _prepare_databases(settings, uris, say)
        say(f"invitation to {settings.owner_email}", invite_owner(settings, mail, resend=resend))
    finally:
        for service in STORED:
            disconnect(service)


def _prepare_databases(settings: BootstrapSettings, uris: Mapping[str, str], say: Say) -> None:
    admin = settings.admin()
    address = f"mongodb://{admin.host}:{admin.port}/?{settings.mongodb_options}"
    who: dict[str, Any] = {"username": admin.username, "password": admin.password}
    with MongoClient[Any](address, **who, serverSelectionTimeoutMS=10_000) as client:
        for service in STORED:
            say(f"database user {service}", align_user(client, service, uris[service]))
    for service in STORED:
        # As the service itself: what its user may not do shows here, before the service starts.
        connect(service, uris[service])
        say(f"indexes {service}", build_indexes(service))
    Role.ensure_defaults()  # before the migrations, which change the roles that are there
    for service in STORED:
        names = migrate(service, migrations_of(service), patience_seconds=LEASE_SECONDS + 10)
        say(f"migrations {service}" + (f" ({', '.join(names)})" if names else ""), bool(names))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
