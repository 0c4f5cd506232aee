"""The filters of the order list, and the cancellation of one order."""

from __future__ import annotations

from datetime import date

from wtforms import ValidationError

from shared.portal.forms import PortalForm, TextField
from shared.portal.statuses import ORDER_WORDS


class OrderFilters(PortalForm):
    """`company` is a company's id or reference; the page looks it up."""

    status = TextField()
    reference = TextField()
    ordered_on = TextField()
    company = TextField()
    needs_attention = TextField()

    def validate_ordered_on(self, field: TextField) -> None:
        if field.data and not _is_day(field.data):
            raise ValidationError("Enter a day such as 2026-11-24.")

    @property
    def chosen_status(self) -> str | None:
        return self.status.data if self.status.data in ORDER_WORDS else None


class CancellationForm(PortalForm):
    reason = TextField()


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
