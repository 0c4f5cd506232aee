"""The addons as templates: what they export, what they ask for, what the firewall lets through, and cfn-lint's word."""

from __future__ import annotations

import json
import re

import pytest
from cfnlint.api import ManualArgs, lint

from tests.copilot.addons import (
    ENVIRONMENTS,
    FOLDER,
    ROOT,
    SECOND_REGION,
    Template,
    files,
    is_made,
    load,
    merged,
    names_in,
    resolve,
)

GUIDE = ROOT / "docs" / "deploy.md"
# What manifests and overrides import by name.
EXPORTS = {
    "DataKeyArn",
    "DocumentsBucket",
    "DocumentsBucketArn",
    "DocumentDbEndpoint",
    "DocumentDbPort",
    "DocumentDbAdminSecretArn",
    "CacheUrlSecretArn",
    "MailIdentityArn",
    "MailConfigurationSet",
    "MailFeedbackTopicArn",
    "InfoTopicArn",
    "WarningTopicArn",
    "CriticalTopicArn",
    "WebAclArn",
    "SearchEndpoint",
    "PrivateCaArn",
}


def errors(template: Template, env: str, region: str = "us-east-1") -> list[str]:
    """Return cfn-lint's errors on a template as the environment gets it."""
    given = {"App": "tradepost", "Env": env}
    parameters = {
        name: dict(each) | ({"Default": given[name]} if name in given else {})
        for name, each in template["Parameters"].items()
    }
    text = json.dumps({**template, "Parameters": parameters}, default=str)
    return [str(found) for found in lint(text, config=ManualArgs(regions=[region])) if found.rule.id.startswith("E")]


def test_all_addons_in_one_are_free_of_errors():
    assert errors(merged(), "prod") == []  # `make package` lints what Copilot merges, for each environment


def test_the_second_region_s_stack_is_free_of_errors():
    assert errors(load(SECOND_REGION), "prod", "us-west-2") == []


def test_they_stay_within_cloudformation_s_limits():
    assert len(merged()["Resources"]) < 500
    assert sum(path.stat().st_size for path in files()) < 1_000_000


def test_every_promised_name_is_exported():
    exported = {output["Export"]["Name"]["Fn::Sub"] for output in merged()["Outputs"].values() if "Export" in output}
    assert exported == {f"${{App}}-${{Env}}-{name}" for name in EXPORTS}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_an_output_s_condition_is_its_resource_s(env):
    for name, output in merged()["Outputs"].items():
        texts = set(names_in(output["Value"]))
        needed = [each for each in texts if each in merged()["Resources"]]
        condition = output.get("Condition")
        made = condition is None or resolve(merged(), {"Condition": condition}, {"Env": env})
        assert not made or all(is_made(merged(), each, env) for each in needed), name


def test_every_parameter_gets_a_value_and_no_other_does():
    given = set(load(FOLDER / "addons.parameters.yml")["Parameters"])
    assert given == set(merged()["Parameters"]) - {"App", "Env"}


def test_what_only_the_operator_knows_is_stored_by_the_guide():
    stored = set(re.findall(r"^put ([a-z-]+) ", GUIDE.read_text(), re.MULTILINE))
    values = load(FOLDER / "addons.parameters.yml")["Parameters"].items()
    read = {
        value["Fn::Sub"].removeprefix("/${AppName}/${EnvironmentName}/")
        for name, value in values
        if merged()["Parameters"][name]["Type"] == "AWS::SSM::Parameter::Value<String>"
    }
    assert stored == read


class TestFirewall:
    def rules(self) -> dict[str, Template]:
        return {rule["Name"]: rule for rule in merged()["Resources"]["WebAcl"]["Properties"]["Rules"]}

    def test_has_managed_rules_and_rates(self):
        rules = self.rules()
        assert {"common", "bad-inputs", "ip-reputation", "rate", "sign-in-rate"} < set(rules)
        assert sorted(rule["Priority"] for rule in rules.values()) == list(range(len(rules)))

    @pytest.mark.parametrize(
        ("path", "passes"),
        [
            ("/api/v1/products/imports", True),
            ("/api/v1/cart", True),
            ("/admin/imports", True),
            ("/admin/sign-in", False),
            ("/oauth/token", False),
            ("/", False),
        ],
    )
    def test_lets_large_bodies_pass_only_where_ours_are_large(self, path, passes):
        _, exception = self.rules()["large-body"]["Statement"]["AndStatement"]["Statements"]
        pattern = exception["NotStatement"]["Statement"]["RegexMatchStatement"]["RegexString"]
        assert bool(re.search(pattern, path)) is passes

    @pytest.mark.parametrize("path", ["/sign-in", "/admin/sign-in", "/api/v1/auth/login", "/oauth/token"])
    def test_counts_attempts_to_sign_in(self, path):
        scope = self.rules()["sign-in-rate"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]
        assert re.search(scope["AndStatement"]["Statements"][1]["RegexMatchStatement"]["RegexString"], path)


def test_operators_find_the_service_levels():
    assert "slo.md" in (ROOT / "docs" / "operate.md").read_text()
