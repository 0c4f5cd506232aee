"""The notification: one event, one recipient, from the event until its mail is sent."""

from __future__ import annotations

from datetime import datetime

import msgspec
from mongoengine import DateTimeField, EnumField, IntField, StringField

from services.notifications import rules
from services.notifications.rules import Announcement, NotificationKind, NotificationStatus
from shared.base.clock import now
from shared.data.encrypted_fields import EncryptedDictField, EncryptedStringField
from shared.data.persistence import Aggregate


class NotificationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A notification as the API shows it."""

    id: str = msgspec.field(name="_id")
    kind: str
    subject: str
    recipient: str
    status: str = NotificationStatus.PENDING.value
    order_id: str
    created_at: datetime
    sent_at: datetime | None = None


class Notification(Aggregate):
    """
    What the mail says, its recipient, and whether it was sent.

    `natural_key` is the kind, what it happened to and the recipient: a duplicate event makes one notification.
    Without a recipient it stays pending until the users service answers who that is (`placed_by`, `acted_by`).
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

    meta = {
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
        """Set when the sweeper sends it, in case its job is lost."""
        self.attempt_due_at = now() + rules.FIRST_SWEEP_AFTER

    @property
    def is_pending(self) -> bool:
        return self.status == NotificationStatus.PENDING

    @property
    def announcement(self) -> Announcement:
        """What was announced, to whichever recipient."""
        return Announcement(
            kind=self.kind,
            subject_id=self.subject_id,
            order_id=self.order_id,
            company_id=self.company_id,
            placed_by=self.placed_by,
            acted_by=self.acted_by,
            facts=msgspec.convert(self.facts, rules.FACTS[self.kind]),
        )

    def mark_sent(self) -> None:
        self.status, self.sent_at, self.attempt_due_at = NotificationStatus.SENT, now(), None

    def mark_failed(self, reason: str) -> None:
        self.status, self.reason, self.attempt_due_at = NotificationStatus.FAILED, reason, None

    def postpone(self, reason: str) -> None:
        """Set the time of the next attempt; after the last attempt it has failed."""
        self.attempts += 1
        if self.attempts >= rules.MOST_ATTEMPTS:
            self.mark_failed(reason)
        else:
            self.attempt_due_at = now() + rules.retry_delay(self.attempts)


def due_notifications(moment: datetime, limit: int) -> list[str]:
    """Return the ids of pending notifications due before `moment`, longest due first."""
    found = Notification.collection().find({"attempt_due_at": {"$lte": moment}}, {"_id": 1})
    return [each["_id"] for each in found.sort("attempt_due_at", 1).limit(limit)]
