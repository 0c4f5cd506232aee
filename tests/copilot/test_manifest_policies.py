"""What tasks may do at AWS: small policies, linked by those whose code makes such calls and by nobody else."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from shared.base.workloads import SERVICES
from shared.data.encryption import Cipher
from shared.data.keys_kms import KmsKeys
from tests.copilot.workspace import COPILOT, JOB, WORKER, manifest_of, manifests, of_type, patched, read, service_of

POLICIES = {path.stem: read(path) for path in sorted((COPILOT / "policies").glob("*.yml"))}
QUEUES = ("EventsQueue", "DeadLetterQueue")
# Where it is not each worker, or each process that opens what is encrypted: who may, and nobody else.
GRANTED = {
    "documents": {"products", "products-jobs"},
    "mail": {"notifications-jobs", "bootstrap"},
    "secrets": {"bootstrap"},
    "text": {"notifications-jobs"},
    "topic": {"products-worker", "orders-worker", "payments-worker"},
    "queue": set(of_type(WORKER)),
}
# It invites the owner, whom users keeps.
OPENED_BY = {"bootstrap": "users"}


def _holders(policy: str) -> set[str]:
    return {name for name in manifests() if (COPILOT / name / "addons" / f"{policy}.yml").exists()}


def _statements(policy: str) -> list[dict[str, Any]]:
    resources = POLICIES[policy]["Resources"].values()
    return [each for resource in resources for each in resource["Properties"]["PolicyDocument"]["Statement"]]


class TestPolicies:
    @pytest.mark.parametrize(("policy", "names"), GRANTED.items())
    def test_are_held_by_those_who_need_them(self, policy, names):
        assert _holders(policy) == names

    def test_let_open_data_keys_where_the_key_is_kms(self):
        """A scheduled job only queues work and opens nothing; bootstrap encrypts what it makes."""
        encrypting = {
            name for name in manifests() if manifest_of(name, "prod")["variables"].get("KEY_BACKEND") == "kms"
        }

        assert _holders("data-key") == encrypting - set(of_type(JOB)) | {"bootstrap"}

    def test_let_open_data_keys_in_no_process_that_encrypts_nothing(self):
        """A service that encrypts opens its database by open_database, which loads its keys."""
        encrypting = {name for name in SERVICES[1:] if hasattr(import_module(f"services.{name}.app"), "open_database")}

        assert {service_of(name) for name in _holders("data-key") - {"bootstrap"}} == encrypting

    @pytest.mark.parametrize("name", sorted(_holders("data-key")))
    def test_open_the_data_keys_of_its_own_service_only(self, name):
        (statement,) = _statements("data-key")
        ((key, service),) = statement["Condition"]["StringEquals"].items()
        bootstraps, others = service["Fn::If"][1:]

        assert key.removeprefix("kms:EncryptionContext:") in Cipher("orders", KmsKeys("key")).context("personal")
        assert others == {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "Name"}]}]}
        assert (bootstraps if name == "bootstrap" else name.split("-")[0]) == OPENED_BY.get(name, service_of(name))

    def test_of_bootstrap_encrypt_secrets_through_the_store_of_secrets_only(self):
        (right,) = [each for each in _statements("secrets") if "kms:GenerateDataKey" in each["Action"]]

        through = right["Condition"]["StringEquals"]["kms:ViaService"]
        assert through == {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}

    @pytest.mark.parametrize("name", of_type(WORKER))
    def test_of_a_worker_name_its_own_queues(self, name):
        allowed = {each["Fn::Sub"].rsplit(":", 1)[1] for each in _statements("queue")[0]["Resource"]}
        queues = [patched(name, f"/Resources/{each}/Properties/QueueName") for each in QUEUES]

        assert allowed == {
            each["Fn::Sub"].replace("AppName", "App").replace("EnvName", "Env").replace("WorkloadName", "Name")
            for each in queues
        }

    @pytest.mark.parametrize("name", manifests())
    def test_are_links_to_the_one_text_of_each(self, name):
        addons = COPILOT / name / "addons"

        assert all(path.resolve().parent == COPILOT / "policies" for path in addons.glob("*"))

    @pytest.mark.parametrize("policy", POLICIES)
    def test_name_actions_and_resources(self, policy):
        for statement in _statements(policy):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [each for each in actions if "*" in each]
            assert statement.get("Resource") != "*"
