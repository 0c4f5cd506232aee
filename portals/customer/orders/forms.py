"""The filter of the order list, and the cancellation of one order."""

from __future__ import annotations

from shared.portal.forms import PortalForm, TextField
from shared.portal.statuses import ORDER_WORDS


class OrderFilters(PortalForm):
    status = TextField()

    @property
    def chosen_status(self) -> str | None:
        return self.status.data if self.status.data in ORDER_WORDS else None


class CancellationForm(PortalForm):
    reason = TextField()
