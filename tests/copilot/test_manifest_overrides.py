"""Overrides exist once per kind of workload; where a workload has more, it has all of its kind's first."""

from __future__ import annotations

import pytest

from shared.base.workloads import BY_NAME, Kind
from tests.copilot.workspace import (
    COPILOT,
    JOB,
    WEB,
    WORKER,
    deployed,
    manifest_of,
    manifests,
    of_type,
    patched,
    patches_of,
)

MORE = ("gateway", "psp-sandbox", "search", "search-worker", "products-jobs")
SINGLE = ("psp-sandbox", "search", "search-worker")
SERVICES = [name for name in manifests() if name not in of_type(JOB)]
GATEWAY_PATHS = ["/api/*", "/problems/*", "/.well-known/*", "/docs*"]


def _kind_of(name: str) -> str:
    manifest = manifests()[name]
    kinds = {WEB: "web", WORKER: "worker", JOB: "scheduled"}
    if manifest["type"] in kinds:
        return kinds[manifest["type"]]
    if BY_NAME[name].kind is Kind.JOBS:
        return "jobs"
    return "publisher" if "publish" in manifest else "backend"


def _patches(kind: str) -> str:
    """Return a kind's patches without the comment at their top."""
    return (COPILOT / "overrides" / kind / "cfn.patches.yml").read_text().split("\n\n", 1)[1]


class TestKinds:
    @pytest.mark.parametrize("name", [each for each in manifests() if each not in MORE])
    def test_are_linked_by_workloads_without_extras(self, name):
        assert (COPILOT / name / "overrides").resolve() == COPILOT / "overrides" / _kind_of(name)

    @pytest.mark.parametrize("name", MORE)
    def test_come_first_where_a_workload_has_more(self, name):
        own = (COPILOT / name / "overrides" / "cfn.patches.yml").read_text().split("\n\n", 1)[1]

        assert own.startswith(_patches(_kind_of(name)))
        assert own.removeprefix(_patches(_kind_of(name))).lstrip().startswith("# --- Only here.")

    def test_owning_a_topic_adds_its_key_to_a_backend(self):
        backend = {patch["path"] for patch in patches_of("users")}
        publisher = {patch["path"] for patch in patches_of("orders")}

        assert publisher - backend == {"/Resources/eventsSNSTopic/Properties/KmsMasterKeyId"}
        assert backend <= publisher


class TestScheduledScaling:
    @pytest.mark.parametrize(("name", "environment"), [each for each in deployed() if each[0] in SERVICES])
    def test_returns_to_the_range_of_the_manifest(self, name, environment):
        tasks = manifest_of(name, environment)["count"]["range"]

        table = patched(name, "/Mappings")["Tasks"][environment]

        assert table["Usual"] == tasks["min"]
        assert table["Usual"] <= table["Peak"] <= tasks["max"]
        if environment == "test":
            assert table["Most"] == tasks["max"], "the morning gives back what the evening took"

    @pytest.mark.parametrize("name", [each for each in SERVICES if each not in SINGLE])
    def test_has_more_tasks_ready_before_the_monday_peak(self, name):
        table = patched(name, "/Mappings")["Tasks"]["prod"]

        assert table["Peak"] > table["Usual"]


class TestRollout:
    @pytest.mark.parametrize(("name", "environment"), [each for each in deployed() if each[0] in SERVICES])
    def test_can_always_take_a_step(self, name, environment):
        """A share of few tasks rounds to none: with nothing to stop and nothing to add, a release would stand still."""
        rollout = patched(name, "/Mappings")["Rollout"][environment]
        tasks = manifest_of(name, environment)["count"]["range"]["min"]

        kept = -(-tasks * rollout["MinimumHealthyPercent"] // 100)
        allowed = tasks * rollout["MaximumPercent"] // 100

        assert kept < tasks or allowed > tasks

    def test_never_overlaps_the_writer_of_an_index(self):
        rollout = patched("search-worker", "/Mappings")["Rollout"]

        assert all(each["MaximumPercent"] == 100 for each in rollout.values())


class TestRouting:
    def test_adds_the_gateways_other_paths_to_its_rule(self):
        for rule in ("HTTPSListenerRule", "HTTPListenerRuleWithDomain"):
            place = f"/Resources/{rule}/Properties/Conditions/1/PathPatternConfig/Values"

            assert patched("gateway", place) == GATEWAY_PATHS

    def test_leaves_room_for_the_host_name(self):
        """A listener rule of an application load balancer takes five values."""
        assert len(GATEWAY_PATHS) + len(manifests()["gateway"]["http"]["alias"]) <= 5
