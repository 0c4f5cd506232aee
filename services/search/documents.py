"""The wish for a new index, remembered until every index was built since."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import DateTimeField, Document, StringField

from shared.base.clock import now
from shared.base.ids import new_id

ONLY_ID = "index"


class RebuildWish(Document):
    """At most one; `mark` is what an index built because of it, or after it, carries."""

    id = StringField(primary_key=True)
    mark = StringField(required=True)
    wished_at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "rebuild_wishes", "db_alias": "search", "auto_create_index": False}

    @classmethod
    def renew(cls) -> str:
        """Wish for an index that is built from now on and return its mark."""
        mark = new_id("rbd")
        cls.objects(id=ONLY_ID).update_one(set__mark=mark, set__wished_at=now(), upsert=True)
        return mark

    @classmethod
    def current_mark(cls) -> str:
        """Return the mark of the last wish, empty when there was none."""
        found = cls._get_collection().find_one({"_id": ONLY_ID}, {"mark": 1})
        return found["mark"] if found else ""
