"""The order in which a release is deployed: called services first, since old code refuses what new callers send."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.base.workloads import BY_NAME, Kind
from tests.copilot.workspace import ENVIRONMENTS
from tools.package.release import ordered
from tools.package.workspace import read_workspace
from tools.package.workspace_rules import subscriptions

WORKSPACE = read_workspace(Path(__file__).parents[2])


def places(environment: str) -> dict[str, int]:
    return {workload.name: place for place, workload in enumerate(ordered(WORKSPACE, environment))}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
class TestOrder:
    def test_begins_with_the_bootstrap(self, environment):
        assert places(environment)["bootstrap"] == 0

    def test_has_every_called_service_before_its_callers(self, environment):
        place = places(environment)
        servers = [name for name in place if name in BY_NAME and BY_NAME[name].kind is Kind.WEB]
        too_early = [
            (name, called) for name in servers for called in BY_NAME[name].calls if place[name] < place[called]
        ]
        assert too_early == []

    def test_has_every_publisher_before_its_subscribers(self, environment):
        place = places(environment)
        subscribed = [
            (each.name, publisher)
            for each in WORKSPACE.workloads_of(environment)
            for publisher, _ in subscriptions(each)
        ]
        assert subscribed
        assert [pair for pair in subscribed if place[pair[0]] < place[pair[1]]] == []
