"""Seeds the demo: people and companies in the users database, then the catalog over REST, as a merchant would."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from services.users.demo.operations import seed_demo
from shared.base.settings import KeySettings
from shared.data.encryption import use_keys
from shared.data.migrations import MigrationsRefused, migrate
from shared.data.persistence import connect
from tools.bootstrap.database import STORED, migrations_of
from tools.demo import people
from tools.demo.extract import PRODUCTS_FILE
from tools.replay.api import Api, Refused, Unreachable
from tools.replay.identity import SignedIn

ASK_AGAIN_SECONDS = 0.3
READINESS_SECONDS = 60.0


class SeedFailed(Exception):
    """The demo cannot be seeded; the text gives the reason in one sentence."""


def main(environment: Mapping[str, str] = os.environ) -> None:
    """Migrate, then seed what is missing, in demo mode only; exits with one sentence on stderr when that fails."""
    try:
        if environment.get("MONGODB_URI"):
            migrate_all(environment)
        if environment.get("TRADEPOST_ENV") == "demo":
            seed_demo_shop(environment)
        else:
            say("nothing seeded: the demo's password is published, so its people exist only with TRADEPOST_ENV=demo")
    except (SeedFailed, MigrationsRefused, Refused, Unreachable) as cause:
        print(cause, file=sys.stderr, flush=True)
        sys.exit(1)


def seed_demo_shop(environment: Mapping[str, str]) -> None:
    seed_people(environment)
    api = Api(environment["GATEWAY_URL"], connections=2, patience_seconds=READINESS_SECONDS)
    try:
        seed_catalog(api)
    finally:
        api.close()


def migrate_all(environment: Mapping[str, str]) -> None:
    """Apply pending migrations to the database of every service; MONGODB_URI names that of users."""
    for service in STORED:
        use_keys(service, KeySettings.from_env(environment))
        connect(service, urlunsplit(urlsplit(environment["MONGODB_URI"])._replace(path=f"/tradepost_{service}")))
        for name in migrate(service, migrations_of(service)):
            say(f"migrated {service}: {name}")


def seed_people(environment: Mapping[str, str]) -> None:
    """Create the demo's users and companies where they are missing."""
    connect("users", environment["MONGODB_URI"])
    use_keys("users", KeySettings.from_env(environment))
    created = seed_demo(people.PASSWORD, mode=environment["TRADEPOST_ENV"])
    say(f"people and companies are there: {created} people created")


def seed_catalog(api: Api) -> None:
    """Import the demo's products that the platform lacks, signed in as the merchant's admin."""
    admin = SignedIn(api, people.ADMIN, people.PASSWORD)
    known = {product["sku"] for product in api.pages("list products", "/products", admin)}
    missing, rows = _missing_rows(known)
    if not rows:
        say("the catalog is there")
        return
    say(f"importing {rows} products")
    started = api.upload("import products", "/products/imports", (PRODUCTS_FILE.name, missing, "text/csv"), admin)
    while True:
        state = api.get("poll import", f"/products/imports/{started['id']}", admin)
        if state["status"] not in ("queued", "running"):
            break
        api.pause(ASK_AGAIN_SECONDS)
    if state["status"] != "succeeded" or state["failed"]:
        raise SeedFailed(f"The import of the demo's products failed: {state['errors'][:3]}")
    say(f"the catalog is there: {state['created']} products created")


def say(text: str) -> None:
    print(f"seed: {text}", flush=True)


def _missing_rows(known: set[str]) -> tuple[str, int]:
    """Return the demo's import file without the rows of known SKUs, whose stock may have been sold by now."""
    text = io.StringIO()
    with PRODUCTS_FILE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if row["sku"] not in known]
    writer = csv.DictWriter(text, fieldnames=reader.fieldnames or (), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue(), len(rows)


if __name__ == "__main__":
    main()
