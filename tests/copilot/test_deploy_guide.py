"""The guide to deployment: its costs follow the manifests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.copilot.workspace import ENVIRONMENTS, JOB, deployed, manifest_of, read

GUIDE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text()
COSTS = Path(__file__).parents[2] / "copilot" / "environments" / "addons" / "costs.yml"
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


def row(heading: str) -> dict[str, str]:
    (line,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {heading}")]
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
        budget = read(COSTS)["Mappings"]["MonthlyCosts"][environment]["Budget"]

        assert about < int(budget) <= 1.6 * about
