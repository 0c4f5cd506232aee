"""The verbs of notifications: announce what happened, send it, read what was sent."""

from __future__ import annotations

from services.notifications.operations.announcing import Announcement, announce, announce_refund
from services.notifications.operations.reading import list_notifications
from services.notifications.operations.sending import due_notification_ids, send_notification

__all__ = [
    "Announcement",
    "announce",
    "announce_refund",
    "due_notification_ids",
    "list_notifications",
    "send_notification",
]
