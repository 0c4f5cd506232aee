"""The stores of an environment: encrypted, backed up, spread over zones, hard to lose, and small in test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.copilot.addons import ENVIRONMENTS, SECOND_REGION, is_made, load, merged, of_type, resolve

STATEFUL = (
    "AWS::DocDB::DBCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::Backup::BackupVault",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::ACMPCA::CertificateAuthority",
)
KEPT = {"Retain", "RetainExceptOnCreate", "Snapshot"}
OUR_KEY = "arn:aws:kms:us-east-1:123456789012:key/ours"
ENCRYPTION = "s3:x-amz-server-side-encryption"


def only(kind: str) -> dict[str, Any]:
    (found,) = of_type(merged(), kind).values()
    return found["Properties"]


def value_in(env: str, value: Any) -> Any:
    return resolve(merged(), value, {"Env": env, "App": "tradepost"})


def applies(condition: dict[str, Any], context: dict[str, str]) -> bool:
    """Say whether IAM takes a statement's condition as met; "not equal" is met, too, where the key is absent."""
    met = {
        "Null": lambda found, wanted: (found is None) == (wanted == "true"),
        "StringNotEquals": lambda found, wanted: found != wanted,
        "StringNotEqualsIfExists": lambda found, wanted: found != wanted,
    }
    return all(
        met[operator](context.get(key), OUR_KEY if isinstance(wanted, dict) else wanted)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


@pytest.mark.parametrize("kind", STATEFUL)
def test_what_holds_data_outlives_its_stack(kind):
    found = of_type(merged(), kind) | of_type(load(SECOND_REGION), kind)
    assert found
    for name, resource in found.items():
        assert resource.get("DeletionPolicy") in KEPT, name
        assert resource.get("UpdateReplacePolicy") in KEPT, name


class TestDocuments:
    def test_are_encrypted_and_backed_up_for_thirty_days(self):
        cluster = only("AWS::DocDB::DBCluster")
        assert cluster["StorageEncrypted"] is True
        assert cluster["BackupRetentionPeriod"] == 30
        assert cluster["DeletionProtection"] is True
        assert set(cluster["EnableCloudwatchLogsExports"]) == {"audit", "profiler"}
        assert {"Key": "backup", "Value": "daily"} in cluster["Tags"]

    def test_speak_tls_1_3_only_and_keep_an_audit(self):
        parameters = only("AWS::DocDB::DBClusterParameterGroup")["Parameters"]
        assert parameters["tls"] == "tls1.3+"
        assert parameters["audit_logs"] == "enabled"
        assert parameters["profiler"] == "enabled"

    @pytest.mark.parametrize(("env", "instances", "zones"), [("test", 1, 1), ("staging", 2, 2), ("prod", 3, 2)])
    def test_stand_in_two_zones_but_for_test(self, env, instances, zones):
        made = [
            found["Properties"]["AvailabilityZone"]["Ref"]
            for name, found in of_type(merged(), "AWS::DocDB::DBInstance").items()
            if is_made(merged(), name, env)
        ]
        assert (len(made), len(set(made))) == (instances, zones)


class TestCache:
    def test_takes_tls_with_a_password_only(self):
        cache = only("AWS::ElastiCache::ReplicationGroup")
        assert cache["Engine"] == "valkey"
        assert cache["TransitEncryptionEnabled"] is True
        assert cache["TransitEncryptionMode"] == "required"
        assert cache["AtRestEncryptionEnabled"] is True
        assert "resolve:secretsmanager:${CacheToken}" in cache["AuthToken"]["Fn::Sub"]

    @pytest.mark.parametrize(("env", "spread"), [("test", False), ("staging", True), ("prod", True)])
    def test_fails_over_to_another_zone_but_for_test(self, env, spread):
        cache = only("AWS::ElastiCache::ReplicationGroup")
        assert value_in(env, cache["MultiAZEnabled"]) is spread
        assert value_in(env, cache["AutomaticFailoverEnabled"]) is spread
        assert (value_in(env, cache["NumCacheClusters"]) > 1) is spread

    def test_is_told_to_tasks_as_one_whole_address(self):
        secret = merged()["Resources"]["CacheUrl"]["Properties"]
        assert secret["SecretString"]["Fn::Sub"].startswith("rediss://:{{resolve:")
        assert secret["SecretString"]["Fn::Sub"].endswith("@${Cache.PrimaryEndPoint.Address}:6379/0")

    @pytest.mark.parametrize("secret", ["CacheUrl", "CacheToken", "DocumentsAdmin"])
    def test_secrets_bear_the_tags_without_which_no_task_may_read_them(self, secret):
        keys = {tag["Key"] for tag in merged()["Resources"][secret]["Properties"]["Tags"]}
        assert keys == {"copilot-application", "copilot-environment"}


class TestSearch:
    def test_takes_https_of_the_highest_floor_and_encrypts_between_nodes(self):
        domain = only("AWS::OpenSearchService::Domain")
        assert domain["DomainEndpointOptions"] == {
            "EnforceHTTPS": True,
            "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
        }
        assert domain["NodeToNodeEncryptionOptions"]["Enabled"] is True
        assert domain["EncryptionAtRestOptions"]["Enabled"] is True

    def test_knows_zones_in_prod_and_is_left_out_of_test(self):
        cluster = only("AWS::OpenSearchService::Domain")["ClusterConfig"]
        assert value_in("prod", cluster["ZoneAwarenessEnabled"]) is True
        assert value_in("prod", cluster["InstanceCount"]) % 2 == 0
        assert [env for env in ENVIRONMENTS if is_made(merged(), "SearchDomain", env)] == ["staging", "prod"]


class TestBucket:
    def rules(self):
        return {rule["Id"]: rule for rule in only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]}

    def test_moves_what_nobody_reads_and_imports_to_glacier(self):
        rules = self.rules()
        assert rules["all-to-intelligent-tiering"]["Transitions"][0]["StorageClass"] == "INTELLIGENT_TIERING"
        assert rules["imports-to-glacier"]["Prefix"] == "products/imports/"
        assert rules["imports-to-glacier"]["Transitions"] == [{"StorageClass": "GLACIER_IR", "TransitionInDays": 90}]

    def test_forgets_temporary_files_and_abandoned_uploads(self):
        rules = self.rules()
        assert (rules["temporary-files-expire"]["Prefix"], rules["temporary-files-expire"]["ExpirationInDays"]) == (
            "products/tmp/",
            1,
        )
        assert rules["abandoned-uploads-expire"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        assert "Prefix" not in rules["abandoned-uploads-expire"]

    def test_refuses_plain_http_and_the_public(self):
        statements = {each["Sid"]: each for each in only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]}
        assert statements["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statements["NotBelowTls12"]["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
        assert set(only("AWS::S3::Bucket")["PublicAccessBlockConfiguration"].values()) == {True}

    @pytest.mark.parametrize(
        ("named", "passes"),
        [
            ({}, True),  # what our own code sends: the bucket's default takes our key
            ({ENCRYPTION: "aws:kms"}, True),
            ({ENCRYPTION: "aws:kms", f"{ENCRYPTION}-aws-kms-key-id": OUR_KEY}, True),
            ({ENCRYPTION: "aws:kms", f"{ENCRYPTION}-aws-kms-key-id": "arn:aws:kms:…:key/another"}, False),
            ({ENCRYPTION: "AES256"}, False),
        ],
    )
    def test_takes_what_names_our_key_or_none(self, named, passes):
        statements = only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
        denials = [each["Condition"] for each in statements if each["Action"] == "s3:PutObject"]
        assert denials
        assert any(applies(denial, named) for denial in denials) is not passes


class TestBackups:
    def test_are_made_daily_and_kept_for_thirty_days(self):
        (rule,) = only("AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
        assert rule["ScheduleExpression"].endswith("* * ? *)")
        assert rule["Lifecycle"] == {"DeleteAfterDays": 30}

    def test_go_to_the_second_region_but_for_test(self):
        (rule,) = only("AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
        (copy,) = value_in("prod", rule["CopyActions"])
        (vault,) = of_type(load(SECOND_REGION), "AWS::Backup::BackupVault").values()
        assert copy["DestinationBackupVaultArn"]["Fn::Sub"].endswith(
            ":backup-vault:" + vault["Properties"]["BackupVaultName"]["Fn::Sub"]
        )
        assert copy["Lifecycle"] == {"DeleteAfterDays": 30}
        assert value_in("test", rule["CopyActions"]) == {"Ref": "AWS::NoValue"}

    def test_choose_by_tag_what_bears_it(self):
        chosen = only("AWS::Backup::BackupSelection")["BackupSelection"]["Conditions"]["StringEquals"]
        assert {"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "daily"} in chosen
        tagged = [
            name
            for name, resource in merged()["Resources"].items()
            if {"Key": "backup", "Value": "daily"} in (resource.get("Properties", {}).get("Tags") or [])
        ]
        assert sorted(tagged) == ["Documents", "DocumentsCluster"]


class TestPrivateAuthority:
    def test_issues_short_lived_certificates_outside_test(self):
        authority = only("AWS::ACMPCA::CertificateAuthority")
        assert authority["UsageMode"] == "SHORT_LIVED_CERTIFICATE"
        assert authority["Type"] == "ROOT"
        assert {"Key": "AmazonECSManaged", "Value": "true"} in authority["Tags"]
        assert [env for env in ENVIRONMENTS if is_made(merged(), "PrivateCa", env)] == ["staging", "prod"]

    def test_is_active_once_deployed(self):
        activation = only("AWS::ACMPCA::CertificateAuthorityActivation")
        assert activation["Status"] == "ACTIVE"
        assert activation["Certificate"] == {"Fn::GetAtt": ["PrivateCaCertificate", "Certificate"]}
