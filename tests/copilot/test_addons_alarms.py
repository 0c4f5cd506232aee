"""Alarms: each belongs to a tier and to a service level of docs/slo.md, and calls whom its tier says."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from shared.base.workloads import WORKLOADS, Kind
from tests.copilot.addons import ENVIRONMENTS, ROOT, SECOND_REGION, decide, is_made, load, merged, names_in, of_type
from tests.copilot.workspace import read

NAME = re.compile(r"\$\{App\}-\$\{Env\}-(?P<short>(?P<tier>info|warning|critical)-(?P<rest>[a-z0-9-]+))")
TOPICS = {"info": "InfoTopic", "warning": "WarningTopic", "critical": "CriticalTopic"}


def alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the alarms' properties by their short names, `<tier>-<level>-<what>`."""
    found = {}
    for resource in of_type(template, "AWS::CloudWatch::Alarm").values():
        match = NAME.fullmatch(resource["Properties"]["AlarmName"]["Fn::Sub"])
        assert match, resource["Properties"]["AlarmName"]
        found[match["short"]] = resource["Properties"]
    return found


def documented() -> tuple[set[str], dict[str, str]]:
    """Return the levels of docs/slo.md and, of each alarm there, the level in whose row it stands."""
    text = (ROOT / "docs" / "slo.md").read_text()
    promises, _, tiers = text.partition("## Tiers and alarms")
    rows = re.compile(r"^\| `([a-z-]+)` \|(.*)$", re.MULTILINE)
    levels = {level for level, _ in rows.findall(promises)}
    named = {alarm: level for level, row in rows.findall(tiers) for alarm in re.findall(r"`([a-z0-9-]+)`", row)}
    return levels, named


def test_every_alarm_stands_in_its_level_s_row_and_the_other_way_round():
    levels, named = documented()
    made = alarms(merged()) | alarms(load(SECOND_REGION))
    assert set(named) == set(made)
    for alarm, properties in made.items():
        level = named[alarm]
        assert level in levels
        assert NAME.fullmatch(properties["AlarmName"]["Fn::Sub"])["rest"].startswith(f"{level}-")  # type: ignore[index]
        assert properties["AlarmDescription"].startswith(f"SLO {level}: ")


def test_every_level_has_an_alarm():
    levels, named = documented()
    assert levels == set(named.values())


def test_an_alarm_calls_whom_its_tier_says():
    for alarm, properties in alarms(merged()).items():
        assert properties["AlarmActions"] == [{"Ref": TOPICS[alarm.partition("-")[0]]}], alarm
        assert properties["OKActions"], alarm


def test_a_missing_value_is_no_alarm_but_for_a_missing_backup():
    breaching = {name for name, found in alarms(merged()).items() if found["TreatMissingData"] != "notBreaching"}
    assert breaching == {"critical-recovery-no-backup"}


def test_alarms_and_dashboard_look_at_metrics_that_there_are():
    written = set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
    body = merged()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = set(re.findall(r'"Tradepost", "([a-z_]+)"|MetricName=\\+"([a-z_]+)\\+"', body))
    used = {name for pair in shown for name in pair if name}
    for properties in alarms(merged()).values():
        texts = list(names_in(properties))
        used |= {text for text in texts if "Tradepost" in texts and re.fullmatch(r"[a-z]+(_[a-z]+)+", text)}
    assert used - {"orders"} <= written
    assert {"orders_placed_total", "checkout_failures_total", "event_lag_seconds", "stock_outs_total"} <= used


@pytest.mark.parametrize(("queue", "suffix"), [("EventsQueue", "events"), ("DeadLetterQueue", "dead-letters")])
def test_workers_name_their_queues_as_the_alarms_do(queue, suffix):
    for path in sorted((ROOT / "copilot").glob("*-worker/overrides/cfn.patches.yml")):
        named = [patch["value"] for patch in read(path) if patch["path"] == f"/Resources/{queue}/Properties/QueueName"]
        assert named == [{"Fn::Sub": f"${{AppName}}-${{EnvName}}-${{WorkloadName}}-{suffix}"}], path


@pytest.mark.parametrize("suffix", ["events", "dead-letters"])
def test_the_queues_of_all_workers_are_watched(suffix):
    workers = {workload.name for workload in WORKLOADS if workload.kind is Kind.WORKER}
    watched = {
        match[1]
        for properties in alarms(merged()).values()
        for text in names_in(properties)
        if (match := re.fullmatch(rf"\$\{{App\}}-\$\{{Env\}}-([a-z]+-worker)-{suffix}", text))
    }
    assert watched == workers


def test_thresholds_are_wider_or_equal_in_test():
    thresholds = [found for name, found in merged()["Mappings"].items() if name.endswith("Thresholds")]
    assert len(thresholds) == 3
    for table in thresholds:
        assert set(table) == set(ENVIRONMENTS)
        assert set(table["test"]) == set(table["staging"]) == set(table["prod"])
    journeys = merged()["Mappings"]["JourneyThresholds"]
    assert all(journeys["test"][each] >= journeys["prod"][each] for each in journeys["prod"])


class TestTiers:
    def reached(self) -> dict[str, set[str]]:
        found = defaultdict(set)
        for subscription in of_type(merged(), "AWS::SNS::Subscription").values():
            properties = subscription["Properties"]
            found[properties["TopicArn"]["Ref"]].add(properties["Protocol"])
        for topic in merged()["Resources"]["Slack"]["Properties"]["SnsTopicArns"]:
            found[topic["Ref"]].add("slack")
        return found

    def test_reach_more_the_worse_it_is(self):
        reached = self.reached()
        assert reached["InfoTopic"] == {"slack"}
        assert reached["WarningTopic"] == {"slack", "email"}
        assert reached["CriticalTopic"] == {"slack", "email", "sms", "https"}
        assert reached["LeadTopic"] == reached["OwnerTopic"] == {"email", "sms"}

    @pytest.mark.parametrize(("condition", "parameter"), [("HasPager", "PagerUrl"), ("HasLeadPhone", "LeadPhone")])
    def test_may_leave_a_phone_out_in_test_but_not_in_prod(self, condition, parameter):
        assert not decide(merged(), condition, "test", **{parameter: "none"})
        assert decide(merged(), condition, "test", **{parameter: "+4930123456"})
        assert decide(merged(), condition, "prod", **{parameter: "none"})

    def test_alarms_of_the_load_balancer_wait_until_there_is_one(self):
        assert not is_made(merged(), "LatencyP95", "prod", PublicAlbName="")
        assert is_made(merged(), "LatencyP95", "prod", PublicAlbName="app/tradepost/1")


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_environment_has_a_budget_and_watches_for_odd_costs(env):
    for name in ("Budget", "CostMonitor", "CostAnomalies"):
        assert is_made(merged(), name, env)
    assert merged()["Mappings"]["MonthlyCosts"][env]["Budget"] > 0
