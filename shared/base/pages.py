"""Which page of a list is requested, and what of a list that changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """
    At most `limit` items of the page that `cursor` names, None: the first page.

    `with_total` counts the items of the whole list, which costs more than a page of it.
    """

    cursor: str | None = None
    limit: int = 20
    with_total: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangesRequest(PageRequest):
    """A page of what was changed at or after a moment, None: of everything; `sort` is None for the usual order."""

    updated_after: datetime | None = None
    sort: str | None = None

    def order(self, usual: str) -> str:
        """Return the order that is requested, else the time of the change for changes, else the list's usual one."""
        return self.sort or ("updated_at" if self.updated_after is not None else usual)
