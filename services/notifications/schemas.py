"""Bodies of the notifications API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.notifications.rules import NotificationKind, NotificationsFilter, NotificationStatus
from shared.web.lists import PageArgs, page_of
from shared.web.schemas import OutputSchema, one_of


class NotificationSchema(OutputSchema):
    id = fields.String()
    kind = one_of(NotificationKind)
    subject = fields.String()
    recipient = fields.String()
    status = one_of(NotificationStatus)
    order_id = fields.String()
    created_at = fields.DateTime()
    sent_at = fields.DateTime(allow_none=True)


NotificationPageSchema = page_of(NotificationSchema)


class NotificationsQuery(PageArgs):
    builds = NotificationsFilter

    order_id = fields.String(load_default=None, validate=validate.Length(min=1, max=64))
