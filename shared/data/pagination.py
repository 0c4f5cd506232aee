"""Pages of a list by an opaque cursor: later pages take no longer than the first, since no query counts or skips."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson

from shared.base.errors import CursorInvalid, FieldError
from shared.data.struct_fields import read_each

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items of one page, and the cursor of the next page; None after the last page."""

    items: list[T]
    next_cursor: str | None = None

    def map(self, function: Callable[[T], U]) -> Page[U]:
        """Return the page with `function` applied to each item."""
        return Page([function(each) for each in self.items], self.next_cursor)

    def readable(self, read: Callable[[T], U]) -> Page[U]:
        """Return the page of what `read` makes of each stored item; one that it cannot read is left out."""
        return Page(read_each(self.items, read), self.next_cursor)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The requested page: at most `limit` items after `cursor` (None: the first page)."""

    cursor: str | None
    limit: int


def encode_cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode_cursor(cursor: str, *, kinds: Sequence[type]) -> list[Any]:
    """Return the sort values of the last item of the previous page, of the types `kinds`; raise CursorInvalid."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_restored(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (binascii.Error, orjson.JSONDecodeError, ValueError, TypeError) as fault:
        raise CursorInvalid(errors=[FieldError("/cursor", "Send next_cursor of the previous page.")]) from fault


def _restored(value: Any, kind: type) -> Any:
    restored = datetime.fromisoformat(value) if kind is datetime else value
    if type(restored) is not kind:
        raise ValueError("another type of value")
    return restored


def page(
    collection: Any,
    query: Mapping[str, Any],
    *,
    sort: Sequence[tuple[str, int, type]],
    cursor: str | None,
    limit: int,
    fields: Mapping[str, int] | None = None,
) -> Page[dict[str, Any]]:
    """
    Return one page of the stored documents of a MongoDB collection.

    `sort` names (field, 1 or -1, type); the last field must be unique, and an index must serve query and sort.
    All directions must be equal: the cursor is one comparison of the whole sort key.
    """
    conditions = dict(query)
    if cursor:
        after = decode_cursor(cursor, kinds=[kind for _, _, kind in sort])
        conditions = {"$and": [conditions, _past(sort, after)]}
    found = list(
        collection.find(conditions, fields).sort([(name, direction) for name, direction, _ in sort]).limit(limit + 1)
    )
    items = found[:limit]
    more = len(found) > limit
    return Page(items, encode_cursor([items[-1][name] for name, _, _ in sort]) if more else None)


def _past(sort: Sequence[tuple[str, int, type]], after: Sequence[Any]) -> dict[str, Any]:
    """Return the condition "sorts after these values": `a > x or (a = x and b > y)`."""
    alternatives = []
    for depth, (name, direction, _) in enumerate(sort):
        equal = {sort[i][0]: after[i] for i in range(depth)}
        alternatives.append({**equal, name: {"$gt" if direction > 0 else "$lt": after[depth]}})
    return {"$or": alternatives}
