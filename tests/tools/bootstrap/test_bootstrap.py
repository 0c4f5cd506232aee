"""The bootstrap, on moto and on a mongod with passwords: whole, repeatable, and done once."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import boto3
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.users.config import UsersSettings
from shared.data.encryption import is_encrypted
from shared.data.persistence import connect, disconnect
from tests.tools.bootstrap.conftest import OWNER
from tests.tools.bootstrap.guarded_mongod import administrator
from tools.bootstrap.__main__ import bootstrap, main
from tools.bootstrap.database import STORED

PASSWORD = "a long enough password"


class Killed(BaseException):
    """Ends a run as a kill does: nothing that the product catches."""


def run_until_killed(installation, steps: int) -> bool:
    """Run, killed after so many steps; return whether it came to its end before."""
    told: list[str] = []

    def say(step: str, _: bool) -> None:
        told.append(step)
        if len(told) == steps:
            raise Killed

    try:
        bootstrap(installation.environment, say=say)
    except Killed:
        return False
    return True


@pytest.fixture
def users(installation, redis_url):
    """The users service, started with what the bootstrap left behind and nothing else."""
    from services.users.app import create_app

    installation.run()
    given = {name.removeprefix("users/"): text for name, text in installation.values().items() if "users/" in name}
    own = {name: installation.environment[name] for name in ("KEY_BACKEND", "KMS_KEY_ID")}
    settings = UsersSettings.from_env({**given, **own, "REDIS_URL": redis_url, "TRADEPOST_ENV": "prod"})
    yield create_app(settings).test_client()
    disconnect("users")


class TestSecrets:
    def test_are_tagged_and_encrypted_with_our_key(self, installation):
        installation.run()

        secrets = installation.secrets()
        assert {f"{service}/MONGODB_URI" for service in STORED} < set(secrets)
        for name, secret in secrets.items():
            tags = {each["Key"]: each["Value"] for each in secret["Tags"]}
            assert tags == {
                "copilot-application": "tradepost",
                "copilot-environment": installation.environment["TRADEPOST_ENV"],
            }, name
            assert secret["KmsKeyId"] == installation.environment["KMS_KEY_ID"], name

    def test_hashes_are_those_of_the_services_secrets(self, installation):
        installation.run()

        values = installation.values()
        assert json.loads(values["users/SERVICE_SECRET_HASHES"]) == {
            service: hashlib.sha256(values[f"{service}/SERVICE_SECRET"].encode()).hexdigest() for service in STORED
        }

    def test_of_the_card_processor_exist_where_there_is_one(self, installation):
        installation.environment["PSP_BACKEND"] = "none"
        installation.run()
        assert "payments/PSP_API_KEY" not in installation.values()

        installation.environment["PSP_BACKEND"] = "sandbox"
        installation.run()
        assert "payments/PSP_API_KEY" in installation.values()

    def test_the_administrators_is_found_by_its_arn(self, installation):
        text = installation.environment.pop("DOCUMENTDB_ADMIN_SECRET")
        name = f"admin-of-{installation.environment['TRADEPOST_ENV']}"
        made = boto3.client("secretsmanager").create_secret(Name=name, SecretString=text)
        installation.environment["DOCUMENTDB_ADMIN_SECRET_ARN"] = made["ARN"]

        assert installation.run()["database user orders"] is True


class TestRepeating:
    def test_changes_nothing(self, installation):
        first = installation.run()
        before = installation.values()

        second = installation.run()

        assert list(second) == [each.split(" (")[0] for each in first]
        assert not any(second.values())
        assert installation.values() == before
        assert len(installation.links()) == 1

    def test_converges_wherever_it_was_killed(self, installation):
        steps = 1
        while not run_until_killed(installation, steps):
            steps += 3

        assert not any(installation.run().values())
        assert len(installation.links()) == 1
        for service in STORED:
            with MongoClient[Any](installation.values()[f"{service}/MONGODB_URI"]) as client:
                assert client[f"tradepost_{service}"].list_collection_names()

    def test_brings_a_user_into_line_with_its_secret(self, installation):
        installation.run()
        with administrator(installation.port) as admin:
            admin.admin.command("updateUser", "tradepost_orders", pwd="something else", roles=["root"])

        told = installation.run()

        assert [step for step, changed in told.items() if changed] == ["database user orders"]
        orders = installation.values()["orders/MONGODB_URI"]
        with MongoClient[Any](orders) as client, pytest.raises(OperationFailure, match="not authorized"):
            client["tradepost_users"]["users"].find_one()


class TestDatabaseUsers:
    def test_reach_their_own_database_alone(self, installation):
        installation.run()

        values = installation.values()
        for service in STORED:
            with MongoClient[Any](values[f"{service}/MONGODB_URI"]) as client:
                own = client.get_default_database()
                own["probe"].insert_one({"_id": 1})
                assert own["probe"].find_one() == {"_id": 1}
                for other in set(STORED) - {service}:
                    with pytest.raises(OperationFailure, match="not authorized"):
                        client[f"tradepost_{other}"]["probe"].find_one()
                    with pytest.raises(OperationFailure, match="not authorized"):
                        client[f"tradepost_{other}"]["probe"].insert_one({"_id": 2})

    def test_find_the_indexes_their_service_needs(self, installation):
        installation.run()

        with administrator(installation.port) as admin:
            orders = admin["tradepost_orders"]
            assert "outbox.id_1" in orders["orders"].index_information()
            assert any(name.startswith("created_at") for name in orders["idempotency_keys"].index_information())


class TestMigrations:
    def test_seal_the_people_of_a_version_without_encryption(self, installation):
        installation.run()
        with administrator(installation.port) as admin:
            stored = admin["tradepost_users"]
            plain = {"email": "ann@acme.example", "name": "Ann Acme"}
            stored["users"].insert_one({"_id": "usr_1", **plain, "version": 1})
            stored["migrations"].delete_one({"name": "seal_people"})

            assert installation.run()["migrations users (seal_people)"] is True

            (ann,) = stored["users"].find({"_id": "usr_1"})
        assert is_encrypted(ann["email"])
        assert is_encrypted(ann["name"])


class TestInvitation:
    def test_lets_the_owner_sign_in_and_invite_others(self, installation, users):
        (token,) = installation.links()
        body = {"token": token, "name": "Olga Owner", "password": PASSWORD}
        assert users.post("/v1/invitations/acceptance", json=body).status_code == 200

        grant = users.post("/v1/auth/login", json={"email": OWNER, "password": PASSWORD}).json
        signed_in = {"Authorization": f"Bearer {grant['access_token']}"}
        me = users.get("/v1/me", headers=signed_in).json
        assert (me["name"], me["roles"], me["company"]) == ("Olga Owner", ["merchant_admin"], None)
        colleague = {"email": "rep@merchant.example", "name": "Remy Rep", "roles": ["sales_rep"]}
        assert users.post("/v1/invitations", json=colleague, headers=signed_in).status_code == 201

        assert users.post("/v1/invitations/acceptance", json=body).status_code == 410

    def test_is_mailed_no_more_once_accepted(self, installation, users):
        body = {"token": installation.links()[0], "name": "Olga Owner", "password": PASSWORD}
        users.post("/v1/invitations/acceptance", json=body)

        installation.run(resend=True)

        assert len(installation.links()) == 1
        connect("users", installation.values()["users/MONGODB_URI"])

    def test_is_mailed_anew_when_asked_for(self, installation, users):
        installation.run(resend=True)

        first, second = installation.links()
        connect("users", installation.values()["users/MONGODB_URI"])
        assert users.post("/v1/invitations/lookup", json={"token": first}).status_code == 404
        assert users.post("/v1/invitations/lookup", json={"token": second}).status_code == 200

    def test_is_mailed_anew_once_expired(self, installation):
        installation.run()
        with administrator(installation.port) as admin:
            people = admin["tradepost_users"]["users"]
            people.update_one({}, [{"$set": {"invitation.expires_at": "$created_at"}}])

        installation.run()

        assert len(installation.links()) == 2

    def test_is_mailed_again_when_killed_before_it_was_noted(self, installation):
        installation.run()
        with administrator(installation.port) as admin:
            admin["tradepost_users"]["users"].update_one({}, {"$unset": {"invitation.mailed_at": ""}})

        installation.run()

        assert len(installation.links()) == 2


class TestRefusals:
    def test_name_all_that_is_missing_in_one_sentence(self, capsys):
        assert main([], {"EMAIL_BACKEND": "mailbox"}) == 1

        said = capsys.readouterr().err
        assert said.count("\n") == 1
        for name in ("OWNER_EMAIL", "KMS_KEY_ID", "PUBLIC_ADMIN_URL", "DOCUMENTDB_ADMIN_SECRET_ARN"):
            assert name in said

    def test_a_secret_that_is_no_administrator(self, installation, capsys):
        installation.environment["DOCUMENTDB_ADMIN_SECRET"] = "[]"

        assert main([], installation.environment) == 1
        assert "must be JSON with username and password" in capsys.readouterr().err

    def test_a_secret_that_is_being_deleted_is_named(self, installation, capsys):
        installation.run()
        name = f"tradepost/{installation.environment['TRADEPOST_ENV']}/orders/MONGODB_URI"
        boto3.client("secretsmanager").delete_secret(SecretId=name)

        assert main([], installation.environment) == 1
        assert name in capsys.readouterr().err

    def test_name_an_administrators_secret_that_cannot_be_read(self, installation, capsys):
        del installation.environment["DOCUMENTDB_ADMIN_SECRET"]
        installation.environment["DOCUMENTDB_ADMIN_SECRET_ARN"] = "arn:aws:secretsmanager:us-east-1:1:secret:gone"

        assert main([], installation.environment) == 1

        said = capsys.readouterr().err
        assert said.startswith("bootstrap: ")
        assert said.count("\n") == 1
        assert "secret:gone" in said

    def test_tell_that_the_key_of_the_data_is_away(self, installation, capsys):
        installation.environment["KMS_KEY_ID"] = "arn:aws:kms:us-east-1:123456789012:key/gone"

        assert main([], installation.environment) == 1
        assert "bootstrap: The key service does not answer\n" in capsys.readouterr().err
