"""Prints labels, to be found when the jobs worker is started by `-m`."""

from __future__ import annotations

from shared.jobs import job
from shared.persistence import database


@job(queue="postbox-labels", timeout=10)
def print_label() -> None:
    database("postbox")["labels"].insert_one({"_id": "printed"})
