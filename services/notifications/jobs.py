"""Sending mails outside the event handlers, and the sweeper that retries what was lost."""

from __future__ import annotations

from services.notifications import operations
from shared.events.jobs import job
from shared.events.sweeps import sweep
from shared.observe.observability import get_logger

log = get_logger()

SWEPT_NOTIFICATIONS = 500
SECONDS_PER_MAIL = 20.0
SECONDS_PER_SWEEP = 240.0


@job(queue="notifications-emails", timeout=60)
def send_notification_mail(notification_id: str) -> None:
    """Send one notification's mail; the sweeper retries what cannot be sent now."""
    operations.send_notification(notification_id)


@job(queue="notifications-emails", timeout=300, every_seconds=15)
def sweep_pending_notifications() -> None:
    """Send what is due: killed jobs, unavailable mail backends, recipients that were not known."""
    due = operations.due_notification_ids(SWEPT_NOTIFICATIONS)
    swept = sweep(due, operations.send_notification, seconds=SECONDS_PER_SWEEP, seconds_each=SECONDS_PER_MAIL)
    if swept:
        log.info("notifications_swept", count=swept)
