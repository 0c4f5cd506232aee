"""The search of the order list, and the cancellation of one order."""

from __future__ import annotations

from shared.portal.forms import PortalForm, TextField
from shared.portal.order_search import OrderSearchForm


class StaffOrderSearchForm(OrderSearchForm):
    """`company` is a company's id or reference; the page looks it up."""

    company = TextField()
    needs_attention = TextField()


class CancellationForm(PortalForm):
    reason = TextField()
