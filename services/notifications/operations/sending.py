"""Sending a notification as a mail, once; a failed attempt is retried later."""

from __future__ import annotations

from email.errors import MessageError

from services.notifications.clients import clients
from services.notifications.config import NotificationsSettings
from services.notifications.documents import Notification, due_notifications
from services.notifications.errors import MailNotDelivered, MailNotSendable
from services.notifications.operations.announcing import address_notification
from services.notifications.operations.composing import compose_mail
from shared.base.clock import now
from shared.base.errors import Unavailable
from shared.observe.observability import counter, get_logger
from shared.web.service import current_settings

log = get_logger()

MAILS = counter("notification_mails_total", "Mails, by kind and outcome", ["kind", "outcome"])


def send_notification(notification_id: str) -> None:
    """Send what is still pending; safe to run twice, since a mailer takes each notification id once."""
    notification = Notification.objects(id=notification_id).first()
    if notification is None or not notification.is_pending:
        return
    if not notification.recipient:
        _address(notification)
        return
    outcome = _send(notification)
    MAILS.labels(str(notification.kind), outcome).inc()
    notification.commit()
    log.info("notification_mail_attempted", notification_id=notification.id, kind=notification.kind, outcome=outcome)


def due_notification_ids(limit: int) -> list[str]:
    """Return the ids of at most `limit` notifications whose job was lost or whose next attempt is due."""
    return due_notifications(now(), limit)


def _send(notification: Notification) -> str:
    settings = current_settings(NotificationsSettings)
    try:
        clients().mailer.deliver(notification.id, compose_mail(notification, settings))
    except MailNotDelivered as failure:
        notification.postpone(str(failure))
        return "postponed"
    except MailNotSendable as refusal:
        log.warning("notification_mail_not_sendable", notification_id=notification.id, reason=str(refusal))
        notification.mark_failed(str(refusal))
        return "failed"
    except (MessageError, ValueError) as refusal:
        notification.mark_failed(type(refusal).__name__)
        return "failed"
    notification.mark_sent()
    return "sent"


def _address(notification: Notification) -> None:
    try:
        recipients = address_notification(notification)
    except Unavailable:
        notification.postpone("recipients_unavailable")
        notification.commit()
        return
    for recipient_id in recipients:
        send_notification(recipient_id)
