"""The facts that Copilot's `package` commands read from an account, written into the emulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.package.emulator import Emulator
from tools.package.reading import read_template
from tools.package.values import ACCOUNT, ARTIFACTS_BUCKET, ARTIFACTS_KEY_ARN, REGION
from tools.package.workspace import Workspace

COPILOT_VERSION = "v1.34.1"
# A stack needs a resource; this one has no effect.
_PLACEHOLDER = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}


def seed_application(aws: Emulator, workspace: Workspace) -> None:
    """Register the application, its environments and workloads, and the bucket its artefacts go to."""
    _register(aws, workspace, "", {"account": ACCOUNT, "domain": "", "domainHostedZoneID": "", "version": "1.0"})
    for workload in workspace.workloads:
        _register(aws, workspace, f"/components/{workload.name}", {"type": workload.kind})
    for name in workspace.environment_names:
        role = f"arn:aws:iam::{ACCOUNT}:role/{workspace.app}-{name}"
        roles = {"executionRoleARN": f"{role}-CFNExecutionRole", "managerRoleARN": f"{role}-EnvManagerRole"}
        _register(
            aws,
            workspace,
            f"/environments/{name}",
            {"region": REGION, "accountID": ACCOUNT, "registryURL": "", **roles},
        )
    _seed_stack_set(aws, workspace)
    aws.client("s3").create_bucket(Bucket=ARTIFACTS_BUCKET)


def _register(aws: Emulator, workspace: Workspace, path: str, facts: Mapping[str, str]) -> None:
    name = path.rpartition("/")[2] or workspace.app
    aws.client("ssm").put_parameter(
        Name=f"/copilot/applications/{workspace.app}{path}",
        Type="String",
        Value=json.dumps({"app": workspace.app, "name": name, **facts}),
    )


def _seed_stack_set(aws: Emulator, workspace: Workspace) -> None:
    """The one instance's stack names the artefact bucket, its key and a repository per workload (never pushed to)."""
    repositories = {
        f"ECRRepo{each.name.replace('-', 'DASH')}": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/tradepost"
        for each in workspace.workloads
    }
    outputs = {"KMSKeyARN": ARTIFACTS_KEY_ARN, "PipelineBucket": ARTIFACTS_BUCKET, **repositories}
    template = {
        "Metadata": {"TemplateVersion": "v1.3.0", "App": workspace.app},
        "Resources": _PLACEHOLDER,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    cloudformation, name = aws.client("cloudformation"), f"{workspace.app}-infrastructure"
    cloudformation.create_stack_set(StackSetName=name, TemplateBody=json.dumps(template))
    cloudformation.create_stack_instances(StackSetName=name, Accounts=[ACCOUNT], Regions=[REGION])


def seed_bare_environment(aws: Emulator, workspace: Workspace, name: str) -> None:
    """Pretend that the environment's stack exists: enough to package the environment itself."""
    manifest = json.dumps({"name": name, "type": "Environment"})
    _replace_stack(aws, workspace, name, {"Version": COPILOT_VERSION, "Manifest": manifest}, {})


def seed_packaged_environment(aws: Emulator, workspace: Workspace, name: str, rendered: Path) -> None:
    """Pretend that the environment was deployed as packaged, so workloads are judged against its own manifest."""
    template = read_template(rendered)
    known = {
        "AppName": workspace.app,
        "EnvironmentName": name,
        "ServiceDiscoveryEndpoint": f"{name}.{workspace.app}.local",
    }
    parameters = {
        key: {"Type": "String", "Default": known.get(key, str(parameter.get("Default", "")))}
        for key, parameter in template["Parameters"].items()
    }
    metadata = {key: template["Metadata"][key] for key in ("Version", "Manifest")}
    _replace_stack(aws, workspace, name, metadata, parameters)


def _replace_stack(
    aws: Emulator, workspace: Workspace, name: str, metadata: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    cloudformation, stack = aws.client("cloudformation"), f"{workspace.app}-{name}"
    cloudformation.delete_stack(StackName=stack)
    template = {"Metadata": metadata, "Parameters": parameters, "Resources": _PLACEHOLDER}
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template), Tags=_tags(workspace.app, name))


def seed_topics(aws: Emulator, workspace: Workspace, environment: str, addons: Path) -> None:
    """Create each topic that a workload or the environment's addons publish: Copilot finds topics by their tags."""
    wanted = {
        (f"{workspace.app}-{environment}-{workload.name}-{topic}" + (".fifo" if fifo else ""), workload.name, fifo)
        for workload in workspace.workloads_of(environment)
        for topic, fifo in workload.topics()
    }
    wanted |= _addon_topics(workspace.app, environment, addons)
    for name, owner, fifo in sorted(wanted):
        attributes = {"FifoTopic": "true"} if fifo else {}
        tags = _tags(workspace.app, environment, owner)
        aws.client("sns").create_topic(Name=name, Attributes=attributes, Tags=tags)


def _addon_topics(app: str, environment: str, addons: Path) -> set[tuple[str, str, bool]]:
    resources = read_template(addons).get("Resources", {}) if addons.exists() else {}
    found = set()
    for resource in resources.values():
        properties = resource.get("Properties") or {}
        owner = {tag.get("Key"): tag.get("Value") for tag in properties.get("Tags") or []}.get("copilot-service")
        name = properties.get("TopicName")
        if resource.get("Type") == "AWS::SNS::Topic" and isinstance(owner, str) and name:
            text = name.get("Fn::Sub", "") if isinstance(name, dict) else str(name)
            found.add((text.replace("${App}", app).replace("${Env}", environment), owner, False))
    return found


def _tags(app: str, environment: str, service: str = "") -> list[dict[str, str]]:
    given = {"copilot-application": app, "copilot-environment": environment, "copilot-service": service}
    return [{"Key": key, "Value": value} for key, value in given.items() if value]
