"""Which orders are wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from shared.base.pages import ChangesRequest
from shared.base.search_terms import query_words


@dataclass(frozen=True, kw_only=True)
class OrdersFilter(ChangesRequest):
    """Which orders to list, and which page of them; `company_id` is for staff."""

    q: str | None = None
    reference: str | None = None
    ordered_on: date | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    statuses: list[str] = field(default_factory=list)
    company_id: str | None = None
    needs_attention: bool | None = None

    @property
    def words(self) -> list[str]:
        """The words of the text that is searched for."""
        return query_words(self.q or "")

    @property
    def is_for_programs(self) -> bool:
        """Changes and one reference are asked for by programs, which must learn that an order was refused."""
        return self.updated_after is not None or self.reference is not None

    @property
    def usual_order(self) -> str:
        """A range of days is listed by day, so that one index serves both."""
        return "-ordered_on" if self.ordered_from or self.ordered_to else "-created_at"
