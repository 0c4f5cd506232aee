"""Bodies of the notifications API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.notifications.rules import NotificationsFilter
from shared.web.schemas import OutputSchema, PageArgs, page_of


class NotificationSchema(OutputSchema):
    id = fields.String()
    kind = fields.String()
    subject = fields.String()
    recipient = fields.String()
    status = fields.String()
    order_id = fields.String()
    created_at = fields.DateTime()
    sent_at = fields.DateTime(allow_none=True)


NotificationPageSchema = page_of(NotificationSchema)


class NotificationsQuery(PageArgs):
    builds = NotificationsFilter

    order_id = fields.String(load_default=None, validate=validate.Length(min=1, max=64))
