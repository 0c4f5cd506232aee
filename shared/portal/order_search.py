"""The search of the order list in both portals: a text, states, and a range of days."""

from __future__ import annotations

from datetime import date

from wtforms import ValidationError

from shared.portal.forms import ChoicesField, PortalForm, TextField
from shared.portal.gateway import Query
from shared.portal.statuses import ORDER_WORDS

LONGEST_TEXT = 100


class OrderSearchForm(PortalForm):
    """What the order list is searched for; the API has a parameter of the same name for each field."""

    q = TextField()
    status = ChoicesField(known=ORDER_WORDS)
    ordered_from = TextField()
    ordered_to = TextField()

    def validate_ordered_from(self, field: TextField) -> None:
        if field.data and _day(field.data) is None:
            raise ValidationError("Enter the first day as in 2026-11-24.")

    def validate_ordered_to(self, field: TextField) -> None:
        last, first = _day(field.data or ""), _day(self.ordered_from.data or "")
        if field.data and last is None:
            raise ValidationError("Enter the last day as in 2026-11-24.")
        if first and last and last < first:
            raise ValidationError("The last day must not be before the first.")

    @property
    def states(self) -> list[str]:
        return self.status.data or []

    def query(self) -> Query:
        """Return the parameters for the API; None for what was left empty."""
        return {
            "q": (self.q.data or "")[:LONGEST_TEXT] or None,
            "status": self.states,
            "ordered_from": self.ordered_from.data or None,
            "ordered_to": self.ordered_to.data or None,
        }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-24") else None
    except ValueError:
        return None
