"""Working off a service's queues inside a test."""

from __future__ import annotations

from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer

from shared.events.jobs import connection, queues_of
from shared.events.jobs_worker import JobsWorker


class BurstWorker(JobsWorker):
    """A jobs worker that takes no commands: its subscription needs up to a second to end."""

    def subscribe(self) -> None:
        return


def run_jobs(app: Flask) -> None:
    """Work until every queue of the service is empty."""
    with app.app_context():
        store = connection()
        queues = [Queue(name, connection=store, serializer=JSONSerializer) for name in queues_of(app.name)]
        BurstWorker(queues, connection=store, serializer=JSONSerializer).work(burst=True, logging_level="ERROR")
