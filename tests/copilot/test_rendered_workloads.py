"""What Copilot makes of manifests and patches; skipped, by name, until `make package` has rendered them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.base.workloads import BY_NAME, Kind
from tests.copilot.workspace import ENVIRONMENTS, JOB, WEB, WORKER, deployed, of_type, template_of

SERVICES = [each for each in deployed() if each[0] not in of_type(JOB)]
BACKGROUND = [each for each in SERVICES if BY_NAME[each[0]].kind in (Kind.WORKER, Kind.JOBS)]
SERVERS = [each for each in SERVICES if BY_NAME[each[0]].kind is Kind.WEB]
EDGE = [each for each in SERVERS if each[0] in of_type(WEB)]
SHARED = {"search": "/search", "search-worker": "/search", "products": "/products", "products-jobs": "/products"}


def _resources(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in template["Resources"].values() if each["Type"] == kind]


def _imported(value: Any) -> str:
    return str(value["Fn::ImportValue"]["Fn::Sub"])


def _mesh(name: str, environment: str) -> dict[str, Any]:
    service = template_of(name, environment)["Resources"]["Service"]["Properties"]
    found: dict[str, Any] = service["ServiceConnectConfiguration"]["Services"][0]
    return found


@pytest.mark.parametrize(("name", "environment"), deployed())
class TestEveryWorkload:
    def test_encrypts_its_logs_with_our_key(self, name, environment):
        for group in _resources(template_of(name, environment), "AWS::Logs::LogGroup"):
            assert _imported(group["Properties"]["KmsKeyId"]).endswith("-DataKeyArn")

    def test_encrypts_topics_and_queues_with_customer_keys(self, name, environment):
        template = template_of(name, environment)

        for topic in _resources(template, "AWS::SNS::Topic"):
            assert _imported(topic["Properties"]["KmsMasterKeyId"]).endswith("-DataKeyArn")
        for queue in _resources(template, "AWS::SQS::Queue"):
            assert queue["Properties"]["KmsMasterKeyId"] == {"Ref": "EventsKMSKey"}

    def test_runs_its_functions_on_a_runtime_with_a_future(self, name, environment):
        functions = _resources(template_of(name, environment), "AWS::Lambda::Function")

        assert {each["Properties"]["Runtime"] for each in functions} == {"nodejs24.x"}


@pytest.mark.parametrize(("name", "environment"), SERVERS)
class TestServiceConnect:
    def test_encrypts_hops_outside_test(self, name, environment):
        in_test, plain, tls = _mesh(name, environment)["Tls"]["Fn::If"]

        assert in_test == "IsTest"
        assert plain == {"Ref": "AWS::NoValue"}
        assert _imported(tls["IssuerCertificateAuthority"]["AwsPcaAuthorityArn"]).endswith("-PrivateCaArn")
        assert _imported(tls["KmsKey"]).endswith("-DataKeyArn")
        assert _imported(tls["RoleArn"]).endswith("-ServiceConnectTlsRoleArn")

    def test_leaves_the_load_balancer_its_plain_port(self, name, environment):
        mesh = _mesh(name, environment)

        assert mesh.get("IngressPortOverride") == (8443 if name in of_type(WEB) else None)


@pytest.mark.parametrize(("name", "environment"), EDGE)
class TestEdge:
    def test_drains_and_starts_as_the_environment_says(self, name, environment):
        resources = template_of(name, environment)["Resources"]
        attributes = {
            each["Key"]: each["Value"] for each in resources["TargetGroup"]["Properties"]["TargetGroupAttributes"]
        }

        delay = attributes["deregistration_delay.timeout_seconds"]
        grace = resources["Service"]["Properties"]["HealthCheckGracePeriodSeconds"]

        assert delay == {"Fn::FindInMap": ["Rollout", {"Ref": "EnvName"}, "DeregistrationDelay"]}
        assert grace == {"Fn::FindInMap": ["Rollout", {"Ref": "EnvName"}, "GracePeriod"]}
        assert attributes["stickiness.enabled"] is False

    def test_serves_all_its_paths_from_one_target_group(self, name, environment):
        template = template_of(name, environment)
        rule = template["Resources"]["HTTPSListenerRule"]["Properties"]
        paths = rule["Conditions"][1]["PathPatternConfig"]["Values"]

        assert len(_resources(template, "AWS::ElasticLoadBalancingV2::TargetGroup")) == 1
        if name == "gateway":
            assert paths == ["/api/*", "/problems/*", "/.well-known/*", "/docs*"]


@pytest.mark.parametrize(("name", "environment"), SERVICES)
class TestService:
    def test_replaces_as_many_at_once_as_the_environment_says(self, name, environment):
        deployment = template_of(name, environment)["Resources"]["Service"]["Properties"]["DeploymentConfiguration"]

        for key in ("MinimumHealthyPercent", "MaximumPercent"):
            assert deployment[key] == {"Fn::FindInMap": ["Rollout", {"Ref": "EnvName"}, key]}
        assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        assert deployment["Alarms"]["AlarmNames"]

    def test_has_a_timetable(self, name, environment):
        target = template_of(name, environment)["Resources"]["AutoScalingTarget"]["Properties"]
        in_prod, monday, others = target["ScheduledActions"]["Fn::If"]

        assert in_prod == "IsProd"
        assert [each["ScheduledActionName"] for each in monday] == ["before-the-monday-peak", "after-the-monday-peak"]
        assert [each["ScheduledActionName"] for each in others["Fn::If"][1]] == ["evening", "morning"]

    def test_writes_into_no_log_group_but_its_own(self, name, environment):
        role = template_of(name, environment)["Resources"]["TaskRole"]["Properties"]
        (policy,) = [each for each in role["Policies"] if each["PolicyName"] == "OwnLogsOnly"]
        (denial,) = policy["PolicyDocument"]["Statement"]

        assert denial["Effect"] == "Deny"
        assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= set(denial["Action"])
        assert denial["NotResource"]["Fn::Sub"].endswith(":/copilot/${AppName}-${EnvName}-${WorkloadName}:*")

    def test_traces_through_the_pinned_sidecar(self, name, environment):
        containers = template_of(name, environment)["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]

        assert [each["Image"] for each in containers[1:]] == [
            "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"
        ]


@pytest.mark.parametrize(("name", "environment"), [each for each in deployed() if each[0] in of_type(JOB)])
class TestScheduledJob:
    def test_may_give_its_tasks_the_tags_that_it_asks_for(self, name, environment):
        resources = template_of(name, environment)["Resources"]
        role = resources["StateMachineRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        (right,) = [each for each in role if each["Action"] == "ecs:TagResource"]

        assert '"PropagateTags": "TASK_DEFINITION"' in resources["StateMachine"]["Properties"]["DefinitionString"]
        assert right["Condition"] == {"StringEquals": {"ecs:CreateAction": "RunTask"}}


@pytest.mark.parametrize(("name", "environment"), BACKGROUND)
class TestBackground:
    def test_has_two_minutes_to_stop(self, name, environment):
        containers = template_of(name, environment)["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]

        assert containers[0]["StopTimeout"] == 120

    def test_runs_on_spot_beyond_an_on_demand_base(self, name, environment):
        service = template_of(name, environment)["Resources"]["Service"]["Properties"]
        target = template_of(name, environment)["Resources"]["AutoScalingTarget"]["Properties"]

        if name != "search-worker":
            bases = {each["CapacityProvider"]: each.get("Base", 0) for each in service["CapacityProviderStrategy"]}
            assert bases == {"FARGATE_SPOT": 0, "FARGATE": target["MinCapacity"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
class TestStorage:
    @pytest.mark.parametrize(("name", "folder"), SHARED.items())
    def test_is_one_folder_for_those_who_share_it(self, name, folder, environment):
        point = template_of(name, environment)["Resources"]["AccessPoint"]["Properties"]
        path = point["RootDirectory"]["Path"]

        assert (path["Fn::Sub"] if isinstance(path, dict) else path) == folder

    @pytest.mark.parametrize("name", of_type(WORKER))
    def test_keeps_undelivered_messages(self, name, environment):
        resources = template_of(name, environment)["Resources"]

        for queue in ("EventsQueue", "DeadLetterQueue", "EventsKMSKey"):
            assert resources[queue]["DeletionPolicy"] == "RetainExceptOnCreate"

    @pytest.mark.parametrize("name", ["products-worker", "orders-worker", "payments-worker"])
    def test_names_the_topic_of_its_service(self, name, environment):
        containers = template_of(name, environment)["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]

        assert "COPILOT_SNS_TOPIC_ARNS" in {each["Name"] for each in containers[0]["Environment"]}
