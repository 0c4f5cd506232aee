"""Every event has subscribers, a payload that is pinned, and a worker that carries it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from shared.base.workloads import SERVICES, WORKLOADS, Kind
from shared.data.events import SUBSCRIBERS
from shared.events.catalog import READERS
from shared.events.jobs import JOBS
from tests.architecture import golden
from tests.architecture.event_schemas import breaking_changes
from tools.docs.events import events

EVENTS = events()
PINNED = golden.read(golden.EVENTS_FILE)


@pytest.fixture(scope="module", autouse=True)
def _everything_imported():
    """Handlers and jobs register when their modules are imported."""
    for service in SERVICES:
        for part in ("handlers", "jobs"):
            if (Path(__file__).parents[2] / "services" / service / f"{part}.py").exists():
                import_module(f"services.{service}.{part}")


def names(kind: Kind) -> set[str]:
    return {each.package.removeprefix("services.") for each in WORKLOADS if each.kind is kind}


class TestEvents:
    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
    def test_have_a_subscriber(self, event):
        assert SUBSCRIBERS[event.name]

    def test_are_kept_until_each_of_their_subscribers_has_them(self):
        """A service that is missing in READERS may lose events; one too many would keep all events for ever."""
        readers: dict[str, set[str]] = {}
        for event in EVENTS:
            services = {handler.service for handler in SUBSCRIBERS[event.name]}
            readers.setdefault(event.name.split(".")[0], set()).update(services)
        assert {publisher: set(services) for publisher, services in READERS.items()} == readers

    @pytest.mark.parametrize(("name", "schema"), golden.event_schemas().items())
    def test_keep_the_schema_that_is_pinned(self, name, schema):
        """A subscriber of the version before still reads the event: optional fields may be added, nothing else."""
        assert name in PINNED, f"{name} is a new event. {golden.RENEW}"
        broken = breaking_changes(PINNED[name], schema)
        assert not broken, f"{name} breaks its subscribers: {'; '.join(broken)}. {golden.RENEW}"

    def test_are_pinned_only_while_they_exist(self):
        assert PINNED.keys() <= {event.name for event in EVENTS}, f"An event is gone. {golden.RENEW}"

    def test_are_named_after_their_publisher(self):
        assert {each.name.split(".")[0] for each in EVENTS} <= set(SERVICES)

    def test_have_a_worker_wherever_they_are_handled_or_published(self):
        handling = {handler.service for handlers in SUBSCRIBERS.values() for handler in handlers} & set(SERVICES)
        publishing = {each.name.split(".")[0] for each in EVENTS}
        assert names(Kind.WORKER) == handling | publishing


class TestJobs:
    def test_have_a_jobs_worker_for_every_queue(self):
        ours = {job.path: job for job in JOBS.values() if job.path.startswith("services.")}
        assert {job.queue.split("-")[0] for job in ours.values()} == names(Kind.JOBS)

    def test_stand_in_queues_of_their_own_service(self):
        strangers = [
            job.path
            for job in JOBS.values()
            if job.path.startswith("services.") and job.queue.split("-")[0] != job.path.split(".")[1]
        ]
        assert strangers == []
