"""Recording one notification per recipient of an event."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from mongoengine.errors import NotUniqueError

from services.notifications.clients import clients
from services.notifications.clients.users import Contact
from services.notifications.documents import Notification
from services.notifications.rules import Announcement, NotificationKind, one_line
from shared.base.errors import Unavailable
from shared.data.blind_index import blind_index
from shared.observe.observability import get_logger

log = get_logger()


def announce(announcement: Announcement | None) -> list[str]:
    """
    Record a notification per recipient and return the ids of those still to be sent; none for None.

    While the users service is unavailable, one without a recipient is recorded, and the sweeper finds its recipients.
    """
    if announcement is None:
        return []
    try:
        contacts = find_contacts(announcement)
    except Unavailable:
        log.warning("notification_recipients_unavailable", kind=announcement.kind, order_id=announcement.order_id)
        return _to_send([_record(announcement, None)])
    if not contacts:
        log.info("notification_without_recipients", kind=announcement.kind, order_id=announcement.order_id)
    return _to_send([_record(announcement, contact) for contact in contacts])


def announce_to_confirmed(announcement: Announcement) -> list[str]:
    """Announce to the recipients of the order's confirmation, with its number: for an event that knows neither."""
    confirmation = Notification.objects(
        order_id=announcement.order_id, kind=NotificationKind.ORDER_CONFIRMED.value
    ).first()
    if confirmation is None:
        return announce(announcement)
    facts = msgspec.structs.replace(announcement.facts, number=confirmation.announcement.facts.number)
    placed_by, acted_by = confirmation.placed_by, confirmation.acted_by
    return announce(replace(announcement, facts=facts, placed_by=placed_by, acted_by=acted_by))


def find_contacts(announcement: Announcement) -> list[Contact]:
    """Return the recipients: who placed the order, or the company's contacts; raise Unavailable without users."""
    address_book = clients().address_book
    if announcement.placed_by is None or announcement.acted_by is not None:
        return address_book.company_contacts(announcement.company_id)
    return address_book.user(announcement.placed_by)


def address_notification(notification: Notification) -> list[str]:
    """Replace a notification without recipient by one for each recipient, and return their ids; raise Unavailable."""
    announcement = notification.announcement
    ids = _to_send([_record(announcement, contact) for contact in find_contacts(announcement)])
    notification.delete()
    return ids


def _record(announcement: Announcement, contact: Contact | None) -> Notification:
    natural_key = f"{announcement.kind}:{announcement.subject_id}:{_recipient_key(contact)}"
    existing = Notification.objects(natural_key=natural_key).first()
    if existing is not None:
        return existing
    notification = Notification(
        natural_key=natural_key,
        kind=announcement.kind,
        subject_id=announcement.subject_id,
        order_id=announcement.order_id,
        company_id=announcement.company_id,
        placed_by=announcement.placed_by,
        acted_by=announcement.acted_by,
        recipient=contact.email if contact else None,
        recipient_name=contact.name if contact else None,
        subject=one_line(announcement.facts.subject),
        facts=msgspec.to_builtins(announcement.facts),
    )
    notification.schedule()
    try:
        return notification.commit()
    except NotUniqueError:
        return Notification.objects.get(natural_key=natural_key)


def _recipient_key(contact: Contact | None) -> str:
    """Return a key that differs per recipient and does not show the address."""
    return blind_index("notifications", "notifications.recipient", contact.email) if contact else "unaddressed"


def _to_send(notifications: list[Notification]) -> list[str]:
    return [each.id for each in notifications if each.is_pending and each.recipient]
