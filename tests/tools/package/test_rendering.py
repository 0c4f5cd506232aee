"""Ways of breaking overrides, addons and manifests that show once the real binary has rendered them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tools.package.broken import ENVIRONMENT, GATEWAY, STORES, WORKER, Break, assert_caught, copied, values_of
from tools.package.checks import lint_findings, template_findings
from tools.package.copilot import Copilot
from tools.package.rendering import copilot_offline, render_environment, render_workload
from tools.package.stacks import read_stacks
from tools.package.workspace import read_workspace

pytestmark = pytest.mark.package

PATCHES = "copilot/gateway/overrides/cfn.patches.yml"
ENVIRONMENT_PATCHES = "copilot/environments/overrides/cfn.patches.yml"
PARAMETERS = "copilot/environments/addons/addons.parameters.yml"
RUNTIME = "- {op: replace, path: /Resources/EnvControllerFunction/Properties/Runtime, value: nodejs24.x}\n"
TLS = "path: /Resources/Service/Properties/ServiceConnectConfiguration/Services/0/Tls"
GROUP = "DBClusterParameterGroupName"
TRANSIT = "TransitEncryption"

REFUSED = [
    Break(GATEWAY, "min: 2, max: 10", "min: 20, max: 10", "min", "cannot be greater than"),
    Break(GATEWAY, "interval: 10s, timeout", "interval: '${LOG}', timeout", "LOG", "environment variable"),
    Break(GATEWAY, "['${DOMAIN}']", "['shop.example.org']", "aliases", "protected by"),
    Break(PATCHES, "/EnvControllerFunction/", "/EnvControlerFunction/", "EnvControlerFunction", "patch", GATEWAY),
    Break(
        ENVIRONMENT_PATCHES, "PublicLoadBalancer/", "PublicLoadBalanser/", "PublicLoadBalanser", "patch", ENVIRONMENT
    ),
    Break(PARAMETERS, "PrivateSubnets:", "App:", "App", "reserved", ENVIRONMENT),
    Break(WORKER, "- name: events", "- name: evnets", "evnets", "does not exist"),
]
RENDERED = [
    Break(PATCHES, RUNTIME, "", "Resources.EnvControllerFunction.Properties.Runtime", "nodejs20.x", GATEWAY),
    Break(
        GATEWAY,
        "CacheUrlSecretArn",
        "CacheUrlSecretAnr",
        "Secrets",
        "no stack exports tradepost-prod-CacheUrlSecretAnr",
    ),
    Break(PATCHES, TLS, TLS[:-3] + "IngressPortOverride", "Services[0].Tls", "calls are plain in prod", GATEWAY),
    Break(STORES, "tls1.3+", "enabled", "DocumentParameters.Properties.Parameters.tls", "write 'tls1.3+'"),
    Break(
        STORES, "      DBClusterParameterGroupName: !Ref DocumentParameters\n", "", "DBClusterParameterGroupName", "TLS"
    ),
    Break(
        STORES, "TransitEncryptionEnabled: true", "TransitEncryptionEnabled: false", "TransitEncryptionEnabled", "true"
    ),
    Break(STORES, "PFS-2023-10", "2019-07", "DomainEndpointOptions.TLSSecurityPolicy", "has no TLS 1.3"),
    Break(STORES, "EnforceHTTPS: true", "EnforceHTTPS: false", "DomainEndpointOptions.EnforceHTTPS", "plain HTTP"),
    Break(STORES, "StorageEncrypted: true", "StorageEncrypted: false", "StorageEncrypted", "in the clear"),
    Break(
        STORES,
        "Engine: valkey",
        "Engine: valkey\n      TransitEncryptionMode: preferred",
        "TransitEncryptionMode",
        "plain",
    ),
]
LINTED = [
    Break(STORES, "CacheNodeType", "CacheNodeTyp", "Resources.Cache.Properties", "E3002"),
    Break(ENVIRONMENT, "cidr: 10.20.0.0/16", "cidr: 10.20.0.0/64", "CidrBlock", "10.20.0.0/64"),
    Break(GATEWAY, "retention: 7", "retention: 6", "LogRetention", "W1030"),
]


class Packaging:
    """The binary beside an emulator; a break is rendered in prod unless it stands in test's own manifest."""

    def __init__(self, copilot: Copilot, folder: Path) -> None:
        self.copilot, self.folder, self.root = copilot, folder, copilot.workspace.root

    def findings(self, fault: Break, *, lint: bool = False) -> list[str]:
        path, out = self.root / fault.file, self.folder / "out"
        before = path.read_text()
        assert fault.old in before, f"{fault.file} has no {fault.old!r} to break"
        path.write_text(before.replace(fault.old, fault.new, 1))
        try:
            return self._rendered(fault, out, lint=lint)
        finally:
            path.write_text(before)
            shutil.rmtree(out, ignore_errors=True)

    def _rendered(self, fault: Break, out: Path, *, lint: bool) -> list[str]:
        workspace = read_workspace(self.root)
        copilot = Copilot(workspace, self.copilot.aws, values_of(workspace))
        name = "test" if "environments/test" in fault.file or fault.file == ENVIRONMENT_PATCHES else "prod"
        name = "test" if fault.old == "retention: 7" or fault.named == ENVIRONMENT else name
        environment = next(each for each in workspace.environments if each.name == name)
        steps = [render_environment(copilot, environment, out)]
        steps += [
            render_workload(copilot, each, name, out)
            for each in workspace.workloads
            if each.file.split("/")[1] in fault.file
        ]
        stacks = read_stacks(self.root, out, workspace.app)
        check = lint_findings if lint else template_findings
        found = [each for step in steps for each in step.findings()] + check(workspace, stacks)
        return [str(each) for each in found]


@pytest.fixture(scope="module")
def packaging(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    workspace = read_workspace(copied(folder))
    with copilot_offline(workspace, values_of(workspace)) as copilot:
        yield Packaging(copilot, folder)


class TestBreakingWhatIsRendered:
    @pytest.mark.parametrize("fault", REFUSED, ids=str)
    def test_the_binary_refuses_it(self, packaging, fault):
        assert_caught(packaging.findings(fault), fault)

    @pytest.mark.parametrize("fault", RENDERED, ids=str)
    def test_a_rule_finds_it_in_the_template(self, packaging, fault):
        assert_caught(packaging.findings(fault), fault)

    @pytest.mark.parametrize("fault", LINTED, ids=str)
    def test_cfn_lint_finds_it(self, packaging, fault):
        assert_caught(packaging.findings(fault, lint=True), fault)
