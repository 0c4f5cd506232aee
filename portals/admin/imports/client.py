"""Product imports at the gateway, and those of this session."""

from __future__ import annotations

from typing import IO

from flask import session

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer
from shared.portal.gateway import Area, Call, Download, Query, Upload, segment

MOST_REMEMBERED = 5


class RowError(Answer, frozen=True, kw_only=True):
    """A fault or a notice; `row` is None for the whole file."""

    row: int | None
    field: str | None
    detail: str
    kind: str


class FileFormat(Answer, frozen=True, kw_only=True):
    """How the file is read; `kind` is csv or xlsx."""

    kind: str
    encoding: str
    separator: str
    sheet: str
    decimal_mark: str


class ProductImport(Answer, frozen=True, kw_only=True):
    id: str
    filename: str
    status: str
    created_at: str
    rows_read: int
    created: int
    updated: int
    unchanged: int
    failed: int
    rows_total: int | None
    file_format: FileFormat | None
    has_failed_rows: bool
    errors: list[RowError]


class Imports(Area):
    def upload(self, filename: str, content: IO[bytes], *, decimal_mark: str) -> ProductImport:
        """Start an import and remember it in this session."""
        query: Query = {"decimal_mark": decimal_mark or None}
        call = Call("POST", "/products/imports", query=query, upload=Upload(filename, content))
        started = self.gateway.send(call).read(ProductImport)
        others = [found for found in session.get("imports", []) if found != started.id]
        session["imports"] = [started.id, *others][:MOST_REMEMBERED]
        return started

    def get_import(self, import_id: str) -> ProductImport:
        return self.gateway.get(f"/products/imports/{segment(import_id)}", ProductImport)

    def failed_rows(self, import_id: str) -> Download:
        """Return the file of the rows that were left out."""
        return self.gateway.download(f"/products/imports/{segment(import_id)}/failed-rows")

    def recent(self) -> list[ProductImport]:
        """Return the imports that were started in this session, newest first."""
        found = []
        for import_id in session.get("imports", []):
            try:
                found.append(self.get_import(import_id))
            except UpstreamRefused as refusal:
                if refusal.status != 404:
                    raise
        return found


imports = Imports()
