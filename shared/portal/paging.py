"""Pages of lists in both portals: the addresses of the pages beside the one that is shown, with its filters."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, request, url_for

CURSOR = "cursor"


def register_paging(app: Flask) -> None:
    """Let the templates of lists write the addresses of pages."""
    app.jinja_env.globals.update(page_address=page_address, is_filtered=is_filtered)


def wanted_cursor() -> str | None:
    """Return the cursor of the page that the address names, None for the first page."""
    return request.args.get(CURSOR) or None


def is_filtered() -> bool:
    """Return whether the address of a list names a filter."""
    return any(value for name, value in request.args.items(multi=True) if name != CURSOR)


def page_address(cursor: str | None = None) -> str:
    """Return the address of a page of the list that is shown, with its filters; without a cursor of the first."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if value and name != CURSOR]
    query = urlencode([*kept, (CURSOR, cursor)] if cursor else kept)
    address = url_for(request.endpoint or "", **(request.view_args or {}))
    return f"{address}?{query}" if query else address
