"""Product imports at the gateway."""

from __future__ import annotations

from typing import IO

from shared.portal.answers import Answer, Page
from shared.portal.gateway import Area, Call, Download, Query, Upload, segment

PAGE_SIZE = 20


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


class FieldChange(Answer, frozen=True, kw_only=True):
    field: str
    before: str
    after: str


class RowChange(Answer, frozen=True, kw_only=True):
    """What a row of a dry run would change."""

    row: int
    sku: str
    outcome: str
    changes: list[FieldChange]


class ImportSummary(Answer, frozen=True, kw_only=True):
    id: str
    filename: str
    status: str
    is_dry_run: bool
    created_at: str
    rows_total: int | None
    rows_read: int
    created: int
    updated: int
    unchanged: int
    failed: int

    @property
    def outcome(self) -> str:
        """The status, with a word of its own for an import that left rows out."""
        return "succeeded_with_errors" if self.status == "succeeded" and self.failed else self.status

    @property
    def has_counts(self) -> bool:
        """Whether the counts say anything: a file that was refused as a whole has none."""
        return self.status != "failed" or self.rows_read > 0


class ProductImport(ImportSummary, frozen=True, kw_only=True):
    file_format: FileFormat | None
    has_failed_rows: bool
    errors: list[RowError]
    changes: list[RowChange]


class Imports(Area):
    def upload(self, filename: str, content: IO[bytes], *, decimal_mark: str, is_dry_run: bool) -> ProductImport:
        """Start an import, or a dry run of it."""
        query: Query = {"decimal_mark": decimal_mark or None, "dry_run": "true" if is_dry_run else None}
        call = Call("POST", "/products/imports", query=query, upload=Upload(filename, content))
        return self.gateway.send(call).read(ProductImport)

    def carry_out(self, dry_run_id: str) -> ProductImport:
        """Start the import of a dry run's file."""
        call = Call("POST", f"/products/imports/{segment(dry_run_id)}/execution")
        return self.gateway.send(call).read(ProductImport)

    def list_imports(self, cursor: str | None) -> Page[ImportSummary]:
        """Return a page of all imports of the installation, newest first."""
        query: Query = {"cursor": cursor, "limit": PAGE_SIZE, "with_total": "true"}
        return self.gateway.get("/products/imports", Page[ImportSummary], **query)

    def latest_imports(self, limit: int) -> list[ImportSummary]:
        return self.gateway.get("/products/imports", Page[ImportSummary], limit=limit).items

    def get_import(self, import_id: str) -> ProductImport:
        return self.gateway.get(f"/products/imports/{segment(import_id)}", ProductImport)

    def failed_rows(self, import_id: str) -> Download:
        """Return the file of the rows that were left out."""
        return self.gateway.download(f"/products/imports/{segment(import_id)}/failed-rows")


imports = Imports()
