"""The guide to deployment: its costs follow the manifests and add up; its commands fit what they are given to."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

from tests.copilot.workspace import ENVIRONMENTS, JOB, deployed, manifest_of, read
from tools.package.rehearse import RUN, blocks

GUIDE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text()
ADDONS = Path(__file__).parents[2] / "copilot" / "environments" / "addons"
# What a row names stands in this file's Mapping, under these keys.
SIZES = {
    "DocumentDB": ("documents.yml", "DocumentSizes", ("Class",)),
    "Valkey": ("cache.yml", "CacheSizes", ("Nodes", "Node")),
    "OpenSearch": ("search.yml", "SearchSizes", ("Nodes", "Node")),
}
# What the AWS CLI takes with every command.
OF_ALL = {"--output", "--query", "--region", "--profile", "--cli-input-json"}
# Dollars per hour in us-east-1, https://aws.amazon.com/fargate/pricing/ (2026-03).
PER_VCPU, PER_GB, HOURS = 0.04048, 0.004445, 730


def base_tasks(environment: str) -> tuple[float, float]:
    """Return vCPU and GB of all workloads that always run, at their least number of tasks."""
    running = [manifest_of(name, each) for name, each in deployed() if each == environment]
    counted = [
        (manifest["count"]["range"]["min"], manifest["cpu"], manifest["memory"])
        for manifest in running
        if manifest["type"] != JOB
    ]
    return sum(n * cpu for n, cpu, _ in counted) / 1024, sum(n * memory for n, _, memory in counted) / 1024


def most_vcpu(environment: str) -> float:
    """Return the vCPU of all workloads that always run, at their most tasks."""
    running = [manifest_of(name, each) for name, each in deployed() if each == environment]
    return sum(each["count"]["range"]["max"] * each["cpu"] for each in running if each["type"] != JOB) / 1024


def row(heading: str) -> dict[str, str]:
    (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {heading} |")]
    return dict(zip(ENVIRONMENTS, [cell.strip() for cell in line.split("|")[2:5]], strict=True))


class TestCosts:
    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_of_fargate_are_those_of_the_manifests(self, environment):
        vcpu, gigabytes = base_tasks(environment)
        dollars = HOURS * (vcpu * PER_VCPU + gigabytes * PER_GB)

        assert row("Fargate: base tasks")[environment] == f"{vcpu:g} vCPU, {gigabytes:g} GB: {dollars:.0f}"

    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_lie_below_the_budget(self, environment):
        about = int(re.sub(r"\D", "", row("**about**")[environment]))
        budget = read(ADDONS / "costs.yml")["Mappings"]["MonthlyCosts"][environment]["Budget"]

        assert about < int(budget) <= 1.6 * about

    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_add_up(self, environment):
        about = int(re.sub(r"\D", "", row("**about**")[environment]))
        table = GUIDE.split("## What it costs")[1].split("| **about**")[0].splitlines()
        column = 2 + ENVIRONMENTS.index(environment)
        cells = [
            line.split("|")[column].strip() for line in table if line.startswith("| ") and "test | staging" not in line
        ]

        assert abs(sum(int(found[0]) for cell in cells if (found := re.findall(r"\d+$", cell))) - about) <= 5

    @pytest.mark.parametrize("heading", SIZES)
    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_of_stores_are_those_of_their_sizes(self, heading, environment):
        file, mapping, keys = SIZES[heading]
        size = read(ADDONS / file)["Mappings"][mapping][environment]
        named = row(heading)[environment]

        assert named == "none" if size.get("Domain") == "no" else " ".join(str(size[key]) for key in keys) in named


class TestCommands:
    def test_tell_the_region_to_every_program(self):
        """The AWS CLI that `make setup-dev` brings is version 1: it and boto3 know no AWS_REGION."""
        assert "export AWS_DEFAULT_REGION=$AWS_REGION" in GUIDE

    def test_hand_no_address_to_the_cli_as_a_value(self):
        """Version 1 of the AWS CLI fetches what a value beginning with https:// names; JSON it takes as it stands."""
        (put,) = [
            line for block in blocks(GUIDE) if block.tag == RUN for line in block.text.splitlines() if "put()" in line
        ]

        assert "--cli-input-json" in put

    def test_ask_for_the_vcpus_that_the_most_tasks_take(self):
        test, staging, prod = (math.ceil(most_vcpu(each)) for each in ENVIRONMENTS)

        assert f"`test` takes {test}, `staging` {staging}, `prod` {prod}" in GUIDE

    def test_count_the_workloads(self):
        assert f"{len({name for name, _ in deployed()})} workloads" in GUIDE


def commands(program: str) -> Iterator[tuple[list[str], set[str]]]:
    """Yield the words and the flags of each call of a program in the guide."""
    for text in [*(each.text for each in blocks(GUIDE)), *re.findall(r"`([^`\n]+)`", GUIDE)]:
        for line in text.replace("\\\n", " ").splitlines():
            for call in re.findall(rf"\b{program} ([^#|;)]*)", line.split("   #")[0]):
                words = re.match(r"(?:[a-z0-9-]+ ?)*", call.split(" --")[0])
                yield words[0].split() if words else [], set(re.findall(r"(?<= )--[a-z-]+", f" {call}"))


def operations_of_aws(service: str) -> dict[str, set[str]]:
    """Return the commands of a service with their flags, as the AWS CLI spells them."""
    session = Session()
    model = session.get_service_model(service)
    found = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        found[xform_name(name, "-")] = {f"--{xform_name(each, '-')}" for each in (shape.members if shape else ())}
    return found


class TestEveryCommand:
    """A rehearsal passes by what needs an account: its words are held against what the programs themselves know."""

    def test_can_be_read_by_bash(self):
        for block in blocks(GUIDE):
            read = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
            assert read.returncode == 0, f"deploy.md:{block.line}: {read.stderr}"

    def test_of_the_aws_cli_is_one_that_it_has(self):
        unknown = []
        for (service, operation, *_), flags in commands("aws"):
            if operation in ("deploy", "wait"):  # of the CLI itself; the rehearsal runs the first
                continue
            known = operations_of_aws(service).get(operation)
            unknown += [f"aws {service} {operation} {flags}"] if known is None else sorted(flags - known - OF_ALL)

        assert unknown == []

    def test_of_copilot_is_one_that_it_has(self):
        for words, flags in commands("copilot"):
            asked = " ".join(words).removesuffix(" tradepost")
            copilot = [str(Path(sys.executable).with_name("copilot")), *asked.split(), "--help"]
            told = subprocess.run(copilot, capture_output=True, text=True, check=True).stdout
            assert f"copilot {asked}" in told
            assert [flag for flag in sorted(flags) if f"{flag} " not in told] == [], asked
