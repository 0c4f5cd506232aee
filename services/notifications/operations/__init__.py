"""The verbs of notifications: announce an event, send its mails, read what was sent."""

from __future__ import annotations

from services.notifications.operations.announcing import announce, announce_to_confirmed
from services.notifications.operations.reading import list_notifications
from services.notifications.operations.sending import due_notification_ids, send_notification

__all__ = [
    "announce",
    "announce_to_confirmed",
    "due_notification_ids",
    "list_notifications",
    "send_notification",
]
