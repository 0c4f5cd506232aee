"""Notifications at the gateway."""

from __future__ import annotations

from shared.portal.answers import Answer, Page
from shared.portal.gateway import Area

PAGE_SIZE = 25


class Notification(Answer, frozen=True, kw_only=True):
    """An e-mail about an order; `sent_at` is None until it was sent."""

    subject: str
    recipient: str
    status: str
    order_id: str | None
    created_at: str
    sent_at: str | None


class Notifications(Area):
    def list_notifications(self, cursor: str | None) -> Page[Notification]:
        return self.gateway.get("/notifications", Page[Notification], cursor=cursor, limit=PAGE_SIZE, with_total="true")


notifications = Notifications()
