"""Queries and answers of lists: pages, what was changed, and the links between pages (RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Response, after_this_request, request
from marshmallow import ValidationError, fields, validate, validates_schema

from shared.web.schemas import InputSchema, OutputSchema, QueryInteger

CURSOR_LENGTH = 512
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_BY_CHANGE = ("updated_at", "-updated_at")


class Moment(fields.DateTime):
    """A time with its zone (RFC 3339)."""

    default_error_messages = {
        "invalid": "Give a time with its zone as in RFC 3339: 2026-11-28T09:30:00Z. In a query, + is written %2B."
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            if isinstance(value, str) and _MOMENT.fullmatch(value):
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self.make_error("invalid")


def page_size(default: int, *, most: int) -> QueryInteger:
    """Return the field of a query for the number of items in a page, 1 to `most`."""
    return QueryInteger(
        strict=True,
        load_default=default,
        validate=validate.Range(min=1, max=most),
        metadata={"description": "The most items of a page."},
    )


def search_text(description: str, *, required: bool = False) -> fields.String:
    """Return the field of a query for a text that is searched for."""
    optional: dict[str, Any] = {} if required else {"load_default": None}
    return fields.String(
        required=required,
        **optional,
        validate=[validate.Length(max=100), validate.Regexp(r"\s*\S", error="Give at least one character.")],
        metadata={"description": description},
    )


def sort_by(usual: str, *others: str, note: str = "") -> fields.String:
    """Return the field of a query for the order of a list; `note` is about further usual orders."""
    return fields.String(
        load_default=None,
        validate=validate.OneOf(sorted({usual, *others, *_BY_CHANGE})),
        metadata={
            "description": f"The order; `-` is descending. Without it `{usual}`, with `updated_after` `updated_at`."
            + (f" {note}" if note else "")
        },
    )


class PageArgs(InputSchema):
    """Query of a list."""

    cursor = fields.String(
        load_default=None,
        validate=validate.Length(max=CURSOR_LENGTH),
        metadata={
            "description": "`next_cursor` or `previous_cursor` of a page of this list with the same filters and order."
        },
    )
    limit = page_size(20, most=100)
    with_total = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Whether the page has `total`; counting takes longer than reading a page."},
    )


class ChangesArgs(PageArgs):
    """Query of a list that can be read for what was changed since."""

    updated_after = Moment(
        load_default=None,
        metadata={
            "description": "Lists what was changed at this moment or later, in the order of the changes. To be told of"
            " every change: begin with `updated_until` of the first page that the run before read. What changes"
            " while the pages are read is listed again at the end."
        },
    )
    sort = sort_by("-created_at", "created_at")

    @validates_schema
    def require_order_of_changes(self, wanted: dict[str, Any], **_: Any) -> None:
        if wanted["updated_after"] is not None and wanted["sort"] not in (None, *_BY_CHANGE):
            raise ValidationError(f"With updated_after, sort by {' or '.join(_BY_CHANGE)}.", "sort")


class PageSchema(OutputSchema):
    """A page of a list; the header `Link` has the addresses of the pages beside it."""

    next_cursor = fields.String(allow_none=True, metadata={"description": "Null after the last page."})
    previous_cursor = fields.String(allow_none=True, metadata={"description": "Null before the first page."})
    position = fields.Integer(metadata={"description": "The place of the first item in the list, from 1."})
    total = fields.Integer(
        allow_none=True, metadata={"description": "The items of the whole list; null unless `with_total` is given."}
    )
    is_total_exact = fields.Boolean(
        allow_none=True, metadata={"description": "`false`: there are more than `total`, counting ends at 10,000."}
    )


def page_of(item: type[OutputSchema], *, name: str = "") -> type[PageSchema]:
    """Return the schema of a page: `{"items": [...], "next_cursor": …}`."""
    return type(name or _name(item), (PageSchema,), {"items": fields.List(fields.Nested(item))})


def changes_page_of(item: type[OutputSchema]) -> type[PageSchema]:
    """Return the schema of a page of a list with `updated_after`."""
    until = fields.DateTime(
        metadata={"description": "`updated_after` of the next run: what was changed before is complete in this one."}
    )
    return type(_name(item), (PageSchema,), {"items": fields.List(fields.Nested(item)), "updated_until": until})


def example_page(item: dict[str, Any], *, is_of_changes: bool = True) -> dict[str, Any]:
    """Return the example of a page with one item, with more after it."""
    page = {
        "items": [item],
        "next_cursor": "WyI2ZGMyYTM1NzBjYzRiODg4OGQiLDAsMiwib3JkXzAxIl0",
        "previous_cursor": None,
        "position": 1,
        "total": 500,
        "is_total_exact": True,
    }
    return page | ({"updated_until": "2026-11-28T11:59:30.000Z"} if is_of_changes else {})


def _name(item: type[OutputSchema]) -> str:
    return item.__name__.replace("Schema", "") + "PageSchema"


def linked(route: Callable[..., Any]) -> Callable[..., Any]:
    """Add the header `Link` to the answers of a route that returns a page: queries, relative to its own address."""

    @wraps(route)
    def linking(*args: Any, **kwargs: Any) -> Any:
        page = route(*args, **kwargs)
        cursors = {"next": page.next_cursor, "prev": page.previous_cursor}
        links = [f'<?{_query(cursor)}>; rel="{name}"' for name, cursor in cursors.items() if cursor]

        def add(response: Response) -> Response:
            response.headers["Link"] = ", ".join(links)
            return response

        if links:
            after_this_request(add)
        return page

    return linking


def _query(cursor: str) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return urlencode([*kept, ("cursor", cursor)])
