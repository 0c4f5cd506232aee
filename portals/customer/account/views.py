"""Who is signed in and for which company, and the messages sent about its orders."""

from __future__ import annotations

from flask import Blueprint, render_template

from portals.customer.account.client import notifications
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import needs

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
def account() -> str:
    return render_template("account/account.html")


@blueprint.get("/notifications")
@needs("notifications:read")
def notification_list() -> str:
    page = notifications.list_notifications(wanted_cursor())
    return render_template("account/notifications.html", page=page)
