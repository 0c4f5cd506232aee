"""All tasks of an environment at their most, each with its pool full, find a place at the database."""

from __future__ import annotations

import pytest

from tests.copilot.workspace import COPILOT, ENVIRONMENTS, JOB, deployed, manifest_of, read

# https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html, connections per instance.
MOST_CONNECTIONS = {"db.t4g.medium": 500, "db.r6g.large": 1_700}
# pymongo watches each server by two connections besides its pool.
WATCHING = 2


def most_connections(environment: str) -> int:
    total = 0
    for name, each in deployed():
        manifest = manifest_of(name, environment)
        if each == environment and "MONGODB_POOL" in manifest["variables"]:
            tasks = 1 if manifest["type"] == JOB else manifest["count"]["range"]["max"]
            total += tasks * (manifest["variables"]["MONGODB_POOL"] + WATCHING)
    return total


class TestConnections:
    @pytest.mark.parametrize("environment", ENVIRONMENTS)
    def test_stay_below_what_the_database_takes(self, environment):
        sizes = read(COPILOT / "environments" / "addons" / "documents.yml")["Mappings"]["DocumentSizes"]

        assert 0 < most_connections(environment) < MOST_CONNECTIONS[sizes[environment]["Class"]]

    def test_are_bounded_for_each_workload_with_a_database(self):
        unbounded = [
            name
            for name, environment in deployed()
            if "MONGODB_URI" in manifest_of(name, environment).get("secrets", {})
            and "MONGODB_POOL" not in manifest_of(name, environment)["variables"]
        ]
        assert unbounded == []
