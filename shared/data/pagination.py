"""Pages of a list by an opaque cursor: later pages take no longer than the first, since no query skips."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import orjson

from shared.base.clock import now
from shared.base.errors import CursorInvalid, FieldError
from shared.base.pages import ChangesRequest, PageRequest
from shared.data.struct_fields import read_each

T = TypeVar("T")
U = TypeVar("U")
# Field, 1 or -1, type of its values; the last field is unique.
Sort = Sequence[tuple[str, int, type]]

# Ids begin with their time, so that they sort as `created_at` does.
SORTS: Mapping[str, Sort] = {
    "created_at": [("_id", 1, str)],
    "-created_at": [("_id", -1, str)],
    "updated_at": [("updated_at", 1, datetime), ("_id", 1, str)],
    "-updated_at": [("updated_at", -1, datetime), ("_id", -1, str)],
}
MOST_COUNTED = 10_000
# Longer than a write may take after it read the clock, with a difference between two clocks.
WRITTEN_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """
    Items of one page and the cursors of the pages beside it; None after the last, and before the first page.

    `position` is the place of the first item in the list, from 1. `total` is None when it was not asked for, and
    MOST_COUNTED when there are more (`is_total_exact` False). What was changed before `updated_until` is in the list.
    """

    items: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None
    position: int = 1
    total: int | None = None
    is_total_exact: bool | None = None
    updated_until: datetime | None = None

    def map(self, function: Callable[[T], U]) -> Page[U]:
        """Return the page with `function` applied to each item."""
        return self.of([function(each) for each in self.items])

    def readable(self, read: Callable[[T], U]) -> Page[U]:
        """Return the page of what `read` makes of each stored item; one that it cannot read is left out."""
        return self.of(read_each(self.items, read))

    def of(self, items: list[U]) -> Page[U]:
        """Return the page with other items in the place of its own."""
        return replace(self, items=items)  # type: ignore[return-value, arg-type]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the item with these sort values, or before it; the page's first item is `position`."""

    position: int
    values: list[Any]
    is_backward: bool = False


def encode_cursor(list_key: str, place: Place) -> str:
    """Return the cursor of a page of the list `list_key`."""
    row = [list_key, int(place.is_backward), place.position, *place.values]
    return base64.urlsafe_b64encode(orjson.dumps(row)).decode().rstrip("=")


def decode_cursor(cursor: str, list_key: str, *, kinds: Sequence[type]) -> Place:
    """Return the place that a cursor of this list names, with values of the types `kinds`; raise CursorInvalid."""
    try:
        row = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key, is_backward, position, *values = row
        if key == list_key and type(position) is int and position > 0 and is_backward in (0, 1):
            restored = [_restored(value, kind) for value, kind in zip(values, kinds, strict=True)]
            return Place(position, restored, bool(is_backward))
    except (binascii.Error, orjson.JSONDecodeError, ValueError, TypeError) as fault:
        raise _cursor_invalid("Send next_cursor or previous_cursor of a page of this list.") from fault
    raise _cursor_invalid("This cursor is of another list, or of other filters or another order. Begin without it.")


def _cursor_invalid(detail: str) -> CursorInvalid:
    return CursorInvalid(errors=[FieldError("/cursor", detail)])


def _restored(value: Any, kind: type) -> Any:
    restored = datetime.fromisoformat(value) if kind is datetime else value
    if type(restored) is not kind:
        raise ValueError("another type of value")
    return restored


def list_key(name: str, *terms: Any) -> str:
    """Return what cursors carry of the list they belong to: a digest of its name and of all that selects its items."""
    row = orjson.dumps([name, *terms], default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return blake2b(row, digest_size=9).hexdigest()


def page(
    collection: Any,
    query: Mapping[str, Any],
    wanted: PageRequest,
    *,
    sort: Sort,
    fields: Mapping[str, int] | None = None,
) -> Page[dict[str, Any]]:
    """
    Return one page of the stored documents of a MongoDB collection.

    `sort` names (field, 1 or -1, type); the last field must be unique, and an index must serve query and sort.
    All directions must be equal: the cursor is one comparison of the whole sort key.
    """
    key = list_key(collection.name, query, [(name, direction) for name, direction, _ in sort])
    place = decode_cursor(wanted.cursor, key, kinds=[kind for *_, kind in sort]) if wanted.cursor else None
    reading = _Reading(collection, query, sort, fields, wanted.limit, key)
    found = reading.before(place) if place is not None and place.is_backward else reading.after(place)
    return _counted(found, collection, query) if wanted.with_total else found


def changes_page(
    collection: Any,
    query: Mapping[str, Any],
    wanted: ChangesRequest,
    *,
    sorts: Mapping[str, Sort] = SORTS,
    usual: str = "-created_at",
    fields: Mapping[str, int] | None = None,
) -> Page[dict[str, Any]]:
    """
    Return one page of documents with an `updated_at`, of those changed at or after a moment if one is wanted.

    A document that changes while a reader goes through the pages moves to the end of `updated_at`: it is listed twice,
    never missed. A write reads the clock before others can read what it wrote, so only what is older than
    `updated_until` is complete: the next reader begins there.
    """
    until = now() - WRITTEN_WITHIN
    changed = {} if wanted.updated_after is None else {"updated_at": {"$gte": wanted.updated_after}}
    found = page(collection, {**query, **changed}, wanted, sort=sorts[wanted.order(usual)], fields=fields)
    return replace(found, updated_until=until)


def no_changes() -> Page[Any]:
    """Return the page of a list of changes that has nothing for its reader."""
    return Page([], updated_until=now() - WRITTEN_WITHIN)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the pages of one list are read."""

    collection: Any
    query: Mapping[str, Any]
    sort: Sort
    fields: Mapping[str, int] | None
    limit: int
    key: str

    def after(self, place: Place | None) -> Page[dict[str, Any]]:
        """Return the page that begins after `place`, None: the first page."""
        found = self._find(self.sort, place)
        items, position = found[: self.limit], 1 if place is None else place.position
        return Page(
            items,
            self._cursor(items[-1], position + len(items)) if len(found) > self.limit else None,
            self._cursor(items[0], position, is_backward=True) if place is not None and items else None,
            position,
        )

    def before(self, place: Place) -> Page[dict[str, Any]]:
        """Return the page that ends before `place`; the first page when fewer items than a page are left."""
        found = self._find([(name, -direction, kind) for name, direction, kind in self.sort], place)
        if len(found) <= self.limit:
            return self.after(None)
        items = found[: self.limit][::-1]
        position = max(place.position - self.limit, 1)
        return Page(
            items,
            self._cursor(items[-1], position + len(items)),
            self._cursor(items[0], position, is_backward=True),
            position,
        )

    def _find(self, sort: Sort, place: Place | None) -> list[dict[str, Any]]:
        conditions = self.query if place is None else {"$and": [self.query, _past(sort, place.values)]}
        found = self.collection.find(dict(conditions), self.fields)
        return list(found.sort([(name, direction) for name, direction, _ in sort]).limit(self.limit + 1))

    def _cursor(self, item: Mapping[str, Any], position: int, *, is_backward: bool = False) -> str:
        return encode_cursor(self.key, Place(position, [item.get(name) for name, *_ in self.sort], is_backward))


def _past(sort: Sort, after: Sequence[Any]) -> dict[str, Any]:
    """Return the condition "sorts after these values": `a >= x and (a > x or (a = x and b > y))`."""
    alternatives = []
    for depth, (name, direction, _) in enumerate(sort):
        equal = {sort[i][0]: after[i] for i in range(depth)}
        alternatives.append({**equal, name: {"$gt" if direction > 0 else "$lt": after[depth]}})
    if len(sort) == 1:
        return alternatives[0]
    first, direction, _ = sort[0]  # bounds the index, of which the alternatives are only a filter
    return {first: {"$gte" if direction > 0 else "$lte": after[0]}, "$or": alternatives}


def _counted(found: Page[U], collection: Any, query: Mapping[str, Any]) -> Page[U]:
    """Return the page with the list's total; counting ends at MOST_COUNTED, which takes as long as five pages."""
    total = collection.count_documents(dict(query), limit=MOST_COUNTED + 1)
    return replace(found, total=min(total, MOST_COUNTED), is_total_exact=total <= MOST_COUNTED)
