"""Delivers letters; the first attempt at a heavy one never ends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from mongoengine import StringField

from shared.data.events import Event, handles
from shared.data.persistence import Aggregate, database


@dataclass(frozen=True)
class LetterPosted(Event):
    name: ClassVar[str] = "postbox.letter_posted.v1"
    text: str


class Letter(Aggregate):
    id_prefix = "let"
    text = StringField()
    meta = {"collection": "letters", "db_alias": "postbox"}

    def post(self, text: str) -> None:
        self.text = text
        self.record(LetterPosted(text=text))


@handles(LetterPosted)
def deliver(event: LetterPosted) -> None:
    attempts = database("postbox")["attempts"]
    attempts.update_one({"_id": event.text}, {"$inc": {"count": 1}}, upsert=True)
    if event.text == "heavy" and attempts.find_one({"_id": "heavy", "count": 1}):
        time.sleep(60)
    database("postbox")["delivered"].update_one({"_id": event.text}, {"$set": {"done": True}}, upsert=True)
