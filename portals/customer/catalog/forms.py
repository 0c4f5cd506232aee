"""The search form."""

from __future__ import annotations

from shared.portal.forms import PortalForm, TextField

LONGEST_TEXT = 100


class SearchForm(PortalForm):
    q = TextField()
    category = TextField()

    @property
    def text(self) -> str:
        return (self.q.data or "")[:LONGEST_TEXT]
