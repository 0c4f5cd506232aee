"""The tombstone of an order that was cancelled."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import DateTimeField, Document, StringField

TOMBSTONE_KEPT_SECONDS = 7 * 24 * 3600


class CancelledOrder(Document):
    """An order that was cancelled: an authorisation of it that comes too late is not made, or is voided."""

    order_id = StringField(primary_key=True)
    cancelled_at = DateTimeField(required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "cancelled_orders",
        "db_alias": "payments",
        "auto_create_index": False,
        "strict": False,
        "indexes": [{"fields": ["cancelled_at"], "expireAfterSeconds": TOMBSTONE_KEPT_SECONDS}],
    }

    @classmethod
    def is_known(cls, order_id: str) -> bool:
        return cls._get_collection().find_one({"_id": str(order_id)}, {"_id": 1}) is not None
