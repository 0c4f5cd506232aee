"""Every event has subscribers, a payload that is pinned, and a worker that carries it."""

from __future__ import annotations

import json
import pkgutil
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from shared.base.workloads import SERVICES, WORKLOADS, Kind
from shared.data.events import SUBSCRIBERS, Event
from shared.events import catalog
from shared.events.jobs import JOBS

GOLDEN = json.loads((Path(__file__).parent / "golden_events.json").read_text(encoding="utf-8"))
EVENTS = [
    each
    for module in pkgutil.iter_modules(catalog.__path__)
    for each in vars(import_module(f"{catalog.__name__}.{module.name}")).values()
    if isinstance(each, type) and issubclass(each, Event) and each is not Event
]


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

    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
    def test_keep_the_shape_that_is_pinned(self, event):
        """A field may be added; one that is taken away or changed breaks a subscriber of the version before."""
        assert {field.name: str(field.type) for field in fields(event)} == GOLDEN[event.name]

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
