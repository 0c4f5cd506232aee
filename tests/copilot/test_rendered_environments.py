"""What Copilot makes of the environments; skipped, by name, until `make package` has rendered them."""

from __future__ import annotations

import pytest

from tests.copilot.workspace import ENVIRONMENTS, template_of

KEY = {"Fn::GetAtt": ["AddonsStack", "Outputs.DataKeyArn"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
class TestEnvironment:
    def test_has_a_way_out_per_zone_in_prod_and_one_elsewhere(self, environment):
        template = template_of(environment, environment)
        resources = template["Resources"]

        assert template["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "EnvironmentName"}, "prod"]}
        assert resources["NatGateway1"]["Condition"] == "CreateNATGateways"
        assert resources["NatGateway2"]["Condition"] == "NatPerZone"
        assert resources["PrivateRoute2"]["Properties"]["NatGatewayId"] == {
            "Fn::If": ["NatPerZone", {"Ref": "NatGateway2"}, {"Ref": "NatGateway1"}]
        }

    def test_encrypts_files_and_flow_logs_with_our_key(self, environment):
        resources = template_of(environment, environment)["Resources"]

        assert resources["FileSystem"]["Properties"]["Encrypted"] is True
        assert resources["FileSystem"]["Properties"]["KmsKeyId"] == KEY
        assert resources["VpcFlowLogGroup"]["Properties"]["KmsKeyId"] == KEY

    def test_keeps_files_whatever_happens_to_the_stack(self, environment):
        resources = template_of(environment, environment)["Resources"]

        assert resources["FileSystem"]["UpdateReplacePolicy"] == "Retain"
        assert resources["FileSystem"]["DeletionPolicy"] == "RetainExceptOnCreate"

    def test_backs_files_up_into_our_vault_alone(self, environment):
        files = template_of(environment, environment)["Resources"]["FileSystem"]["Properties"]

        assert {"Key": "backup", "Value": "daily"} in files["FileSystemTags"]
        assert files["BackupPolicy"] == {"Status": "DISABLED"}

    def test_opens_the_port_of_service_connect_tls_between_tasks(self, environment):
        opened = template_of(environment, environment)["Resources"]["EnvironmentSecurityGroupIngressServiceTls"]
        ours = {"Ref": "EnvironmentSecurityGroup"}

        assert opened["Properties"]["GroupId"] == opened["Properties"]["SourceSecurityGroupId"] == ours
        assert (opened["Properties"]["FromPort"], opened["Properties"]["ToPort"]) == (8443, 8443)

    def test_protects_the_load_balancer_in_prod(self, environment):
        balancer = template_of(environment, environment)["Resources"]["PublicLoadBalancer"]["Properties"]
        attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}

        assert attributes["deletion_protection.enabled"] == {"Fn::If": ["IsProd", "true", "false"]}
        assert attributes["access_logs.s3.enabled"] is True

    def test_speaks_tls_1_3_only(self, environment):
        listener = template_of(environment, environment)["Resources"]["HTTPSListener"]["Properties"]

        assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"

    def test_exports_the_role_of_service_connect_tls_where_it_is_used(self, environment):
        output = template_of(environment, environment)["Outputs"]["ServiceConnectTlsRoleArn"]

        assert output["Condition"] == "HasServiceTls"
        assert output["Export"]["Name"] == {"Fn::Sub": "${AWS::StackName}-ServiceConnectTlsRoleArn"}

    def test_keeps_access_logs_as_long_as_other_logs_also_without_the_stack(self, environment):
        template = template_of(environment, environment)
        bucket = template["Resources"]["ELBAccessLogsBucket"]
        (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        days = {"test": 7, "staging": 30, "prod": 365}

        assert rule["ExpirationInDays"] == {"Fn::FindInMap": ["AccessLogs", {"Ref": "EnvironmentName"}, "Days"]}
        assert template["Mappings"]["AccessLogs"][environment]["Days"] == days[environment]
        assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")

    def test_runs_no_function_of_copilots(self, environment):
        """The one that it has empties the access logs' bucket when the stack goes."""
        resources = template_of(environment, environment)["Resources"].values()

        assert not [each for each in resources if each["Type"] == "AWS::Lambda::Function"]
