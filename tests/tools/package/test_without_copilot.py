"""Deploying a release with the plain AWS CLI, against moto, up to the change sets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.package.broken import copied
from tools.package.__main__ import main
from tools.package.emulator import emulated_aws

pytestmark = pytest.mark.package

SCRIPT = Path(__file__).parents[3] / "deploy" / "without-copilot.sh"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    assert main(["--root", str(copied(folder)), "--out", str(folder / "package"), "--no-lint"], {}) == 0
    return folder / "package"


@pytest.fixture(scope="module")
def account():
    """Moto behind a proxy: template addresses are those of S3 itself."""
    with emulated_aws(domain="shop.example.com") as running:
        yield running


@pytest.fixture(scope="module")
def deploy(account, release):
    """Run the script in an account that has the bucket, key and parameters of deploy/app.yml."""

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {**account.environment(), "PACKAGE": str(release), **changes}
        return subprocess.run(
            [str(SCRIPT), *arguments], env=environment, text=True, capture_output=True, timeout=300, check=False
        )

    done = run("app")
    assert done.returncode == 0, done.stderr
    return run


class TestDeployingWithoutCopilot:
    def test_makes_a_change_set_per_stack_in_order_and_changes_nothing(self, account, deploy):
        done = deploy("test")

        assert done.returncode == 0, done.stderr
        stacks = [line.removeprefix("== ") for line in done.stdout.splitlines() if line.startswith("== ")]
        assert stacks == [
            "tradepost-test",
            "tradepost-test-bootstrap",
            "tradepost-test-products",
            "tradepost-test-search-worker",
            "tradepost-test-gateway",
        ]
        found = account.client("cloudformation").describe_stacks()["Stacks"]
        statuses = {each["StackName"]: each["StackStatus"] for each in found}
        assert {name: statuses[name] for name in stacks} == dict.fromkeys(stacks, "REVIEW_IN_PROGRESS")

    def test_sends_again_what_a_change_set_that_was_only_read_did_not_bring(self, account, deploy):
        """The guide has the change sets made, read, and then executed: a stack in review does not exist yet."""
        for _ in range(2):
            done = deploy("test", "--only", "-")
            assert done.returncode == 0, done.stderr

        cloudformation = account.client("cloudformation")
        newest = cloudformation.list_change_sets(StackName="tradepost-test")["Summaries"][-1]["ChangeSetId"]
        sent = cloudformation.describe_change_set(ChangeSetName=newest)["Parameters"]

        assert {"ALBWorkloads", "NATWorkloads"} <= {each["ParameterKey"] for each in sent}

    def test_stops_when_it_cannot_tell_whether_a_stack_is_there(self, account, deploy, tmp_path):
        """Taken for absent, the environment would lose its load balancer and NAT gateways."""
        aws = tmp_path / "aws"
        real = Path(sys.executable).parent / "aws"
        aws.write_text(
            f'#!/bin/sh\ncase "$*" in *describe-stacks*) echo "Rate exceeded" >&2; exit 254 ;; esac\nexec {real} "$@"\n'
        )
        aws.chmod(0o755)

        done = deploy("test", "--only", "-", PATH=f"{tmp_path}:{account.environment()['PATH']}")

        assert done.returncode == 2
        assert "Whether the stack tradepost-test exists could not be read: Rate exceeded" in done.stderr

    def test_carries_the_code_and_addons_that_templates_point_to(self, account, deploy):
        done = deploy("test", "--only", "-")
        assert done.returncode == 0, done.stderr

        keys = account.client("s3").list_objects_v2(Bucket="tradepost-artifacts-123456789012-us-east-1")["Contents"]

        kinds = {each["Key"].split("/")[1] for each in keys}
        assert {"addons", "scripts"} <= kinds

    def test_sends_what_the_controller_owns_only_once(self, release):
        always = (release / "test/test.env.overrides").read_text()
        first = (release / "test/test.env.first").read_text()

        assert "ALBWorkloads" not in always
        assert "ALBWorkloads=\n" in first
        assert "AppName=tradepost\n" in always

    @pytest.mark.parametrize(
        ("arguments", "changes", "sentence"),
        [
            (["test", "--exceute"], {}, "Unknown option --exceute"),
            (["qa"], {}, "run make package ENV=qa"),
            (["test"], {"AWS_REGION": "eu-central-1"}, "set AWS_REGION"),
            (["test"], {"PACKAGE": "/nowhere"}, "run make package first"),
            (["test", "--only", "orders"], {}, "test has no workload orders"),
        ],
    )
    def test_refuses_by_a_sentence(self, deploy, arguments, changes, sentence):
        done = deploy(*arguments, **changes)

        assert done.returncode == 2
        assert sentence in done.stderr

    def test_says_how_it_is_used(self, deploy):
        done = deploy("--help")

        assert done.returncode == 0
        assert "--execute" in done.stdout
