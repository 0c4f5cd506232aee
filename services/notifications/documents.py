"""The notification: one thing told to one person, from the event until its mail is out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from mongoengine import DateTimeField, EnumField, IntField, StringField

from services.notifications import rules
from services.notifications.rules import NotificationKind, NotificationStatus
from shared.base.clock import now
from shared.data.encrypted_fields import EncryptedDictField, EncryptedStringField
from shared.data.persistence import Aggregate


class Notification(Aggregate):
    """
    What is told, to whom, and whether it went out.

    `natural_key` is what happened, the kind and the recipient: an event told twice makes one notification.
    Without a recipient it waits until the users service says who they are; `acted_by` tells where to ask.
    """

    id_prefix = "ntf"

    natural_key = StringField(required=True)
    kind = EnumField(NotificationKind, required=True)
    subject_id = StringField(required=True)
    order_id = StringField(required=True)
    company_id = StringField(required=True)
    placed_by = StringField()
    acted_by = StringField()
    recipient = EncryptedStringField()
    recipient_name = EncryptedStringField()
    subject = EncryptedStringField(required=True)
    facts = EncryptedDictField(default=dict)
    status = EnumField(NotificationStatus, default=NotificationStatus.PENDING)
    reason = StringField()
    attempts = IntField(default=0)
    attempt_due_at = DateTimeField()
    sent_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "notifications",
        "db_alias": "notifications",
        "indexes": [
            {"fields": ["natural_key"], "unique": True},
            ("company_id", "-_id"),
            ("order_id", "kind"),
            {"fields": ["attempt_due_at"], "sparse": True},
        ],
    }

    def schedule(self) -> None:
        """Have the sweeper look at it in case its job gets lost."""
        self.attempt_due_at = now() + rules.FIRST_SWEEP_AFTER

    @property
    def is_pending(self) -> bool:
        return bool(self.status == NotificationStatus.PENDING)

    def mark_sent(self) -> None:
        self.status, self.sent_at, self.attempt_due_at = NotificationStatus.SENT, now(), None

    def mark_failed(self, reason: str) -> None:
        self.status, self.reason, self.attempt_due_at = NotificationStatus.FAILED, reason, None

    def postpone(self, reason: str) -> None:
        """Try again later; after the last attempt it has failed."""
        self.attempts += 1
        if self.attempts >= rules.MOST_ATTEMPTS:
            self.mark_failed(reason)
        else:
            self.attempt_due_at = now() + rules.retry_delay(self.attempts)


def due_notifications(moment: datetime, limit: int) -> list[str]:
    """Ids of pending notifications due before `moment`, longest due first."""
    found = Notification.collection().find({"attempt_due_at": {"$lte": moment}}, {"_id": 1})
    return [each["_id"] for each in found.sort("attempt_due_at", 1).limit(limit)]
