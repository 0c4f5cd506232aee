"""Turning what happened into one notification per person who is to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mongoengine.errors import NotUniqueError

from services.notifications import rules
from services.notifications.clients import clients
from services.notifications.clients.users import Contact
from services.notifications.documents import Notification
from services.notifications.rules import NotificationKind
from shared.base.errors import Unavailable
from shared.data.blind_index import blind_index
from shared.observe.observability import get_logger

log = get_logger()


@dataclass(frozen=True)
class Announcement:
    """
    One thing that happened: `subject_id` is the order, shipment or refund it happened to.

    Without `placed_by`, or when a rep acted (`acted_by`), the company's contacts are told instead of one user.
    """

    kind: NotificationKind
    subject_id: str
    order_id: str
    company_id: str
    placed_by: str | None
    acted_by: str | None
    facts: dict[str, Any]


def announce(announcement: Announcement) -> list[str]:
    """
    Record a notification per recipient and return the ids of those still to be sent.

    While nobody can say who the recipients are, one without a recipient is recorded, and addressed later.
    """
    try:
        contacts = find_contacts(announcement.company_id, announcement.placed_by, announcement.acted_by)
    except Unavailable:
        log.warning("recipients_unknown", kind=announcement.kind, order_id=announcement.order_id)
        return _pending([_record(announcement, None)])
    if not contacts:
        log.info("nobody_to_notify", kind=announcement.kind, order_id=announcement.order_id)
    return _pending([_record(announcement, contact) for contact in contacts])


def announce_refund(announcement: Announcement) -> list[str]:
    """Announce a refund to whoever the order was confirmed to: payments knows neither its number nor its buyer."""
    query = {"order_id": announcement.order_id, "kind": NotificationKind.ORDER_CONFIRMED.value}
    confirmed = Notification.collection().find_one(query, {"facts": 1, "placed_by": 1, "acted_by": 1})
    if confirmed is None:
        return announce(announcement)
    facts = {**announcement.facts, "number": Notification.decrypted(confirmed)["facts"].get("number")}
    placed_by, acted_by = confirmed.get("placed_by"), confirmed.get("acted_by")
    return announce(replace(announcement, facts=facts, placed_by=placed_by, acted_by=acted_by))


def find_contacts(company_id: str, placed_by: str | None, acted_by: str | None) -> list[Contact]:
    """Return who is told; raise Unavailable while the users service does not say."""
    address_book = clients().address_book
    if placed_by is None or acted_by is not None:
        return address_book.company_contacts(company_id)
    return address_book.user(placed_by)


def _record(announcement: Announcement, contact: Contact | None) -> Notification:
    natural_key = f"{announcement.kind}:{announcement.subject_id}:{_mark(contact)}"
    existing = Notification.objects(natural_key=natural_key).first()
    if existing is not None:
        return existing
    notification = Notification(
        natural_key=natural_key,
        recipient=contact.email if contact else None,
        recipient_name=contact.name if contact else None,
        subject=rules.subject_of(announcement.kind, announcement.facts),
        **vars(announcement),
    )
    notification.schedule()
    try:
        return notification.commit()
    except NotUniqueError:
        return Notification.objects.get(natural_key=natural_key)


def _mark(contact: Contact | None) -> str:
    """Return what tells recipients apart without telling who they are."""
    return blind_index("notifications", "notifications.recipient", contact.email) if contact else "unaddressed"


def _pending(notifications: list[Notification]) -> list[str]:
    return [each.id for each in notifications if each.is_pending and each.recipient]


def address_notification(notification: Notification) -> list[str]:
    """Find out who an unaddressed notification is for, record one for each, and drop it; raises Unavailable."""
    contacts = find_contacts(notification.company_id, notification.placed_by, notification.acted_by)
    announcement = Announcement(
        kind=notification.kind,
        subject_id=notification.subject_id,
        order_id=notification.order_id,
        company_id=notification.company_id,
        placed_by=notification.placed_by,
        acted_by=notification.acted_by,
        facts=dict(notification.facts),
    )
    ids = _pending([_record(announcement, contact) for contact in contacts])
    notification.delete()
    return ids
