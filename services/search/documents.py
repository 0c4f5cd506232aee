"""The request for a new index, kept until an index was built because of it."""

from __future__ import annotations

from mongoengine import DateTimeField, Document, StringField

from shared.base.clock import now
from shared.base.ids import new_id

ONLY_ID = "index"


class RebuildRequest(Document):
    """At most one; an index carries the `mark` of the latest request before it was built."""

    id = StringField(primary_key=True)
    mark = StringField(required=True)
    requested_at = DateTimeField(required=True, db_field="wished_at")

    # The names in the store are those of the first version.
    meta = {"collection": "rebuild_wishes", "db_alias": "search", "auto_create_index": False}

    @classmethod
    def renew(cls) -> str:
        """Request an index that is built from now on and return its mark."""
        mark = new_id("rbd")
        cls.objects(id=ONLY_ID).update_one(set__mark=mark, set__requested_at=now(), upsert=True)
        return mark

    @classmethod
    def current_mark(cls) -> str:
        """Return the mark of the latest request, empty when there was none."""
        found = cls._get_collection().find_one({"_id": ONLY_ID}, {"mark": 1})
        return str(found.get("mark") or "") if found else ""
