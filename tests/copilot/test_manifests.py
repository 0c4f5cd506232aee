"""Every workload has a manifest, every manifest a workload, and both say the same."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from shared.base.workloads import BY_NAME, WORKLOADS, Kind
from shared.data.events import handlers_of
from shared.events.jobs import JOBS
from shared.events.worker import publishers_of
from tests.copilot.workspace import (
    BACKEND,
    EDGE,
    JOB,
    WEB,
    WORKER,
    deployed,
    expected_types,
    manifest_of,
    manifests,
    of_type,
    service_of,
)

PATHS = {"gateway": "/api", "admin": "/admin", "customer": "/", "psp-sandbox": "/psp-sandbox"}
FARGATE = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
}
RETENTION = {"test": 7, "staging": 30, "prod": 365}
SPOT = [each.name for each in WORKLOADS if each.kind in (Kind.WORKER, Kind.JOBS)]
ORDER = [
    *("name", "type", "on", "retries", "timeout", "http", "publish", "subscribe", "image", "command", "cpu", "memory"),
    *("count", "deployment", "network", "storage", "observability", "variables", "secrets", "environments"),
]


def _scheduled() -> dict[str, tuple[str, str, int]]:
    for name in ("products", "orders", "payments", "notifications"):
        import_module(f"services.{name}.jobs")
    found = {}
    for job in JOBS.values():
        parts = job.path.split(".")
        if job.every_seconds and parts[0] == "services":
            found[f"{parts[1]}-{job.name.replace('_', '-')}"] = (parts[1], job.name, job.every_seconds)
    return found


def _minutes(schedule: str) -> int:
    assert schedule.startswith("@every ")
    assert schedule.endswith("m")
    return int(schedule.removeprefix("@every ").removesuffix("m"))


class TestWorkloads:
    def test_are_those_of_the_table_and_the_scheduled_jobs(self):
        expected = expected_types() | dict.fromkeys(_scheduled(), JOB) | {"bootstrap": JOB}

        assert {name: manifest["type"] for name, manifest in manifests().items()} == expected

    def test_are_named_as_their_folder(self):
        assert all(manifest["name"] == name for name, manifest in manifests().items())

    @pytest.mark.parametrize("name", manifests())
    def test_keep_one_order_of_keys(self, name):
        keys = list(manifests()[name])

        assert keys == sorted(keys, key=ORDER.index)

    def test_deploy_the_sandbox_to_test_only(self):
        assert [each for name, each in deployed() if name == "psp-sandbox"] == ["test"]

    @pytest.mark.parametrize("name", [each for each in manifests() if each != "psp-sandbox"])
    def test_go_to_every_environment(self, name):
        assert list(manifests()[name]["environments"]) == ["test", "staging", "prod"]


class TestCommands:
    @pytest.mark.parametrize("name", of_type(WEB, BACKEND, WORKER))
    def test_start_the_package_of_the_table(self, name):
        workload = BY_NAME[name]
        server = ["gunicorn", "-c", "python:shared.web.gunicorn", f"{workload.package}.app:create_app()"]
        expected = {
            Kind.WEB: server,
            Kind.WORKER: ["python", "-m", "shared.events.worker", workload.package],
            Kind.JOBS: ["python", "-m", "shared.events.jobs", workload.package],
        }

        assert manifests()[name]["command"] == expected[workload.kind]
        assert manifests()[name]["image"].get("port") == (8080 if workload.kind is Kind.WEB else None)

    @pytest.mark.parametrize("name", [each for each in of_type(WEB, BACKEND) if BY_NAME[each].kind is Kind.WEB])
    def test_serve_with_the_threads_of_the_table(self, name):
        assert manifests()[name]["variables"]["WEB_THREADS"] == BY_NAME[name].threads

    @pytest.mark.parametrize(("name", "job"), _scheduled().items())
    def test_enqueue_each_scheduled_job(self, name, job):
        service, function, _ = job

        assert manifests()[name]["command"] == ["python", "-m", "shared.events.jobs", f"services.{service}", function]

    @pytest.mark.parametrize(("name", "job"), _scheduled().items())
    def test_start_jobs_as_often_as_aws_allows(self, name, job):
        usual = max(1, job[2] // 60)

        assert _minutes(manifest_of(name, "prod")["on"]["schedule"]) == usual

    def test_leave_bootstrap_to_a_person_or_a_pipeline(self):
        assert manifests()["bootstrap"]["on"] == {"schedule": "none"}
        assert manifests()["bootstrap"]["command"] == ["python", "-m", "tools.bootstrap"]


class TestRouting:
    def test_gives_each_public_workload_its_path(self):
        assert {name: manifests()[name]["http"]["path"] for name in of_type(WEB)} == PATHS

    @pytest.mark.parametrize("name", EDGE)
    def test_binds_to_the_host_of_the_environment(self, name):
        assert manifests()[name]["http"]["alias"] == ["${DOMAIN}"]
        assert manifests()[name]["http"]["stickiness"] is False
        assert manifests()[name]["http"]["healthcheck"]["path"] == "/health/live"

    @pytest.mark.parametrize("name", of_type(WEB, BACKEND, WORKER))
    def test_connects_whoever_calls_or_is_called(self, name):
        assert manifests()[name]["network"] == {"connect": True, "vpc": {"placement": "private"}}

    @pytest.mark.parametrize("name", of_type(JOB))
    def test_connects_no_scheduled_job(self, name):
        assert manifests()[name]["network"] == {"vpc": {"placement": "private"}}


class TestEvents:
    @pytest.mark.parametrize("name", of_type(WORKER))
    def test_let_in_exactly_what_is_handled(self, name):
        service = service_of(name)
        import_module(f"services.{service}.handlers")
        handled = sorted(handlers_of(service))

        topics = manifests()[name]["subscribe"]["topics"]

        assert sorted(topic["service"] for topic in topics) == publishers_of(service)
        for topic in topics:
            mine = [each for each in handled if each.startswith(f"{topic['service']}.")]
            assert topic["name"] == "events"
            assert topic["filter_policy"] == {"event": mine}

    def test_come_from_topics_that_services_own(self):
        subscribed = {
            topic["service"] for name in of_type(WORKER) for topic in manifests()[name]["subscribe"]["topics"]
        }
        publishing = {name for name, manifest in manifests().items() if "publish" in manifest}

        assert subscribed == publishing
        assert not publishing & set(of_type(WORKER)), "a worker's topic would have to exist before the worker"

    @pytest.mark.parametrize("name", of_type(WORKER))
    def test_are_parked_after_five_tries(self, name):
        assert manifests()[name]["subscribe"]["queue"]["dead_letter"] == {"tries": 5}


class TestHealth:
    @pytest.mark.parametrize("name", manifests())
    def test_is_checked_by_the_manifest(self, name):
        workload = BY_NAME.get(name)
        probed = "8080" if workload and workload.kind is Kind.WEB else "/tmp/heartbeat"  # noqa: S108 (in the container)

        assert manifests()[name]["image"]["healthcheck"]["command"] == [
            "CMD",
            "python",
            "-m",
            "shared.web.health",
            probed,
        ]
        if probed != "8080":
            assert manifests()[name]["variables"]["HEARTBEAT_FILE"] == probed


@pytest.mark.parametrize(("name", "environment"), deployed())
class TestSizes:
    def test_are_ones_that_fargate_has(self, name, environment):
        manifest = manifest_of(name, environment)

        assert manifest["memory"] in FARGATE[manifest["cpu"]]

    def test_keep_logs_as_long_as_the_environment_says(self, name, environment):
        assert manifest_of(name, environment)["logging"] == {"retention": RETENTION[environment]}

    def test_open_a_shell_outside_prod_only(self, name, environment):
        manifest = manifest_of(name, environment)

        if manifest["type"] != JOB:
            assert manifest["exec"] is (environment != "prod")

    def test_let_the_agent_of_a_shell_write_where_there_is_one(self, name, environment):
        """The root file system is read-only, and without these two folders the agent dies at its start."""
        manifest = manifest_of(name, environment)
        writable = {each["path"] for each in manifest["storage"]["volumes"].values() if not each["read_only"]}

        assert ({"/var/lib/amazon", "/var/log/amazon"} <= writable) is manifest.get("exec", False)

    def test_leave_the_root_file_system_alone(self, name, environment):
        storage = manifest_of(name, environment)["storage"]

        assert storage["readonly_fs"] is True
        assert storage["volumes"]["tmp"] == {"path": "/tmp", "read_only": False}  # noqa: S108 (in the container)


def _services() -> list[tuple[str, str]]:
    return [(name, each) for name, each in deployed() if manifests()[name]["type"] != JOB]


@pytest.mark.parametrize(("name", "environment"), _services())
class TestScaling:
    def test_follows_cpu_memory_and_the_queue(self, name, environment):
        count: dict[str, Any] = manifest_of(name, environment)["count"]
        expected = {"range", "cooldown", "cpu_percentage", "memory_percentage"}

        assert set(count) == expected | ({"queue_delay"} if name in of_type(WORKER) else set())

    def test_keeps_two_tasks_of_each_web_workload_in_prod(self, name, environment):
        tasks = manifest_of(name, environment)["count"]["range"]

        if environment == "prod" and BY_NAME[name].kind is Kind.WEB and name != "search":
            assert tasks["min"] >= 2

    def test_uses_spot_for_workers_only_and_beyond_a_base(self, name, environment):
        tasks = manifest_of(name, environment)["count"]["range"]

        if "spot_from" in tasks:
            assert name in SPOT
            assert tasks["spot_from"] > tasks["min"], "the least there is runs on demand"
