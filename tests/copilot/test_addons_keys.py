"""Everything that keeps data names a key of ours: in the addons, the second region, and whatever Copilot renders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.copilot.addons import ENVIRONMENTS, ROOT, SECOND_REGION, Template, load, merged, names_in, of_type

# Where each kind of resource names its key.
KEY_OF = {
    "AWS::DocDB::DBCluster": ("KmsKeyId",),
    "AWS::ElastiCache::ReplicationGroup": ("KmsKeyId",),
    "AWS::OpenSearchService::Domain": ("EncryptionAtRestOptions", "KmsKeyId"),
    "AWS::S3::Bucket": (
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        0,
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ),
    "AWS::EFS::FileSystem": ("KmsKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::Backup::BackupVault": ("EncryptionKeyArn",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::ECR::Repository": ("EncryptionConfiguration", "KmsKey"),
}
# A load balancer can write its access logs to no bucket but one under S3's own key.
EXEMPT = {"ELBAccessLogsBucket"}


def named_key(resource: Template) -> Any:
    """Return what the resource names as its key; None when it names none."""
    found: Any = resource.get("Properties", {})
    for step in KEY_OF[resource["Type"]]:
        try:
            found = found[step]
        except (KeyError, IndexError):
            return None
    return found


def without_key(template: Template) -> Iterator[str]:
    """Yield each resource that keeps data under no key, or under one of AWS' own (`alias/aws/…`)."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in KEY_OF and name not in EXEMPT:
            key = named_key(resource)
            if not key or any("alias/aws/" in text for text in names_in(key)):
                yield f"{resource['Type']} {name}"


def rendered() -> list[Path]:
    """Return the templates that `make package` left, of all environments."""
    return sorted((ROOT / "build" / "package").glob("*/*.yml"))


class TestEveryKeeperOfData:
    def test_names_our_key_in_the_addons(self):
        assert list(without_key(merged())) == []

    def test_names_our_key_in_the_second_region(self):
        assert list(without_key(load(SECOND_REGION))) == []

    def test_names_our_key_in_what_copilot_renders(self):
        if not rendered():
            pytest.skip("build/package is absent: run `make package` first")
        found = {str(path.relative_to(ROOT)): list(without_key(load(path))) for path in rendered()}
        assert {path: names for path, names in found.items() if names} == {}

    def test_is_found_when_it_names_none(self):
        plain = {"Resources": {"Bare": {"Type": "AWS::SQS::Queue"}}}
        theirs = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "alias/aws/sns"}}
        assert list(without_key(plain)) == ["AWS::SQS::Queue Bare"]
        assert list(without_key({"Resources": {"Theirs": theirs}})) == ["AWS::SNS::Topic Theirs"]

    @pytest.mark.parametrize("kind", ["AWS::SNS::Topic", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret"])
    def test_is_under_the_environment_s_one_key(self, kind):
        found = [named_key(resource) for resource in of_type(merged(), kind).values()]
        assert found
        assert all("DataKey" in list(names_in(key)) for key in found)


def test_our_keys_rotate_and_the_data_key_reaches_the_second_region():
    (key,) = of_type(merged(), "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["MultiRegion"] is True
    (replica,) = of_type(load(SECOND_REGION), "AWS::KMS::ReplicaKey").values()
    assert replica["Properties"]["PrimaryKeyArn"] == {"Ref": "DataKeyArn"}


def services_in(statements: list[Template]) -> set[str]:
    named = [each["Principal"].get("Service", []) for each in statements]
    return {service for each in named for service in (each if isinstance(each, list) else [each])}


@pytest.mark.parametrize(("where", "key"), [("addons", "DataKey"), ("second region", "VaultKey")])
def test_whoever_may_publish_to_a_topic_may_use_its_key(where, key):
    """A topic's policy alone lets a service in whose every message is then dropped, without a word."""
    template = merged() if where == "addons" else load(SECOND_REGION)
    usable = services_in(
        [
            each
            for each in template["Resources"][key]["Properties"]["KeyPolicy"]["Statement"]
            if {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(each["Action"])
        ]
    )
    publishing = services_in(
        [
            statement
            for policy in of_type(template, "AWS::SNS::TopicPolicy").values()
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]
    )

    assert publishing
    assert publishing <= usable


def test_eventbridge_needs_no_source_account_for_the_key():
    """It names none towards an encrypted topic: docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
    statements = merged()["Resources"]["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
    (right,) = [each for each in statements if "events.amazonaws.com" in names_in(each)]

    assert "Condition" not in right


def test_logs_end_when_the_environment_says():
    days = {"test": 7, "staging": 30, "prod": 365}
    assert {env: merged()["Mappings"]["LogDays"][env]["Days"] for env in ENVIRONMENTS} == days
    for name, group in of_type(merged(), "AWS::Logs::LogGroup").items():
        assert group["Properties"]["RetentionInDays"] == {"Fn::FindInMap": ["LogDays", {"Ref": "Env"}, "Days"]}, name
