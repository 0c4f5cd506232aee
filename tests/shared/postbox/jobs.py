"""Prints labels; tests start the jobs worker of this package by `-m`."""

from __future__ import annotations

import time

from pymongo import ReturnDocument

from shared.data.persistence import database
from shared.events.jobs import job


@job(queue="postbox-labels", timeout=10)
def print_label() -> None:
    database("postbox")["labels"].insert_one({"_id": "printed"})


@job(queue="postbox-rounds", timeout=60)
def walk_round(round_id: str, length: int) -> None:
    """Take `length` steps and store each: a later run continues from there."""
    rounds = database("postbox")["rounds"]
    rounds.update_one({"_id": round_id}, {"$inc": {"begun": 1}}, upsert=True)
    while _steps(round_id) < length:
        time.sleep(0.05)
    rounds.update_one({"_id": round_id}, {"$inc": {"ended": 1}})


def _steps(round_id: str) -> int:
    step = {"$inc": {"steps": 1}}
    walked = database("postbox")["rounds"].find_one_and_update(
        {"_id": round_id}, step, return_document=ReturnDocument.AFTER
    )
    assert walked is not None
    return int(walked["steps"])
