"""An installation that has nothing yet: an empty AWS, an empty database that asks for passwords, a mailbox."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import boto3
import pytest

from shared.base.ids import new_id
from tests.tools.bootstrap.guarded_mongod import ADMIN, administrator, guarded_mongod
from tools.bootstrap.__main__ import bootstrap

OWNER = "owner@merchant.example"


@pytest.fixture(autouse=True)
def _disconnecting(keep_others_connected: None) -> None:
    """Bootstrap leaves every service disconnected."""


@dataclass
class Installation:
    """`environment` is the job's; what it made is read with the administrator's and AWS' own eyes."""

    environment: dict[str, str]
    port: int
    mailbox: Path

    def run(self, **options: Any) -> dict[str, bool]:
        """Run the bootstrap; return, by step, whether it did anything."""
        told: dict[str, bool] = {}
        bootstrap(self.environment, say=told.__setitem__, **options)
        return told

    def secrets(self) -> dict[str, Any]:
        """Return every secret of this installation as AWS describes it, by name without the prefix."""
        prefix = f"tradepost/{self.environment['TRADEPOST_ENV']}/"
        client = boto3.client("secretsmanager")
        pages = client.get_paginator("list_secrets").paginate()
        found = [each for page in pages for each in page["SecretList"] if each["Name"].startswith(prefix)]
        return {
            each["Name"].removeprefix(prefix): each
            | {"value": client.get_secret_value(SecretId=each["Name"])["SecretString"]}
            for each in found
        }

    def values(self) -> dict[str, str]:
        return {name: each["value"] for name, each in self.secrets().items()}

    def links(self) -> list[str]:
        """Return the tokens of the links mailed to the owner, in the order of the mails' names."""
        mails = [message_from_bytes(each.read_bytes(), policy=policy.default) for each in self._mails()]
        assert all(mail["To"] == OWNER for mail in mails)
        texts = [mail.get_body(("plain",)).get_content() for mail in mails]  # type: ignore[union-attr]
        return [re.search(r"https://shop\.example/admin/invitations/(\S+)", text)[1] for text in texts]  # type: ignore[index]

    def _mails(self) -> list[Path]:
        return sorted((self.mailbox / "new").glob("*"), key=lambda each: each.stat().st_mtime_ns)


@pytest.fixture(scope="session")
def guarded_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with guarded_mongod(tmp_path_factory.mktemp("guarded")) as port:
        yield port


@pytest.fixture
def installation(aws: str, guarded_port: int, tmp_path: Path) -> Iterator[Installation]:
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    environment = {
        "DOCUMENTDB_ADMIN_SECRET": json.dumps(ADMIN | {"host": "127.0.0.1", "port": guarded_port}),
        "MONGODB_OPTIONS": "replicaSet=tradepost",
        "KEY_BACKEND": "kms",
        "KMS_KEY_ID": key,
        "OWNER_EMAIL": OWNER,
        "PUBLIC_ADMIN_URL": "https://shop.example/admin",
        "TRADEPOST_ENV": new_id("env").replace("_", ""),
        "PSP_BACKEND": "sandbox",
        "MAILBOX_DIR": str(tmp_path / "mailbox"),
    }
    yield Installation(environment, guarded_port, tmp_path / "mailbox")
    with administrator(guarded_port) as admin:
        for name in admin.list_database_names():
            if name.startswith("tradepost_"):
                admin.drop_database(name)
        for user in admin.admin.command("usersInfo")["users"]:
            if user["user"].startswith("tradepost_"):
                admin.admin.command("dropUser", user["user"])
