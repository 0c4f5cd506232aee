"""The guide to deployment: its costs follow the manifests and add up; its commands fit what they are given to."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

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
