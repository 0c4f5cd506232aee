"""Bodies of the imports API."""

from __future__ import annotations

from dataclasses import dataclass

from flask_smorest.fields import Upload
from marshmallow import fields, validate
from werkzeug.datastructures import FileStorage

from services.products.imports.documents import ImportStatus
from services.products.imports.rules import ImportOptions
from shared.base.pages import PageRequest
from shared.web.lists import PageArgs, page_of
from shared.web.schemas import InputSchema, OutputSchema, one_of


@dataclass(frozen=True)
class UploadedFile:
    """The file of a multipart body."""

    file: FileStorage


class ImportFile(InputSchema):
    """The file, named as its part is; `filename` is what lists show."""

    builds = UploadedFile

    file = Upload(required=True)


class ImportOptionsInput(InputSchema):
    builds = ImportOptions

    decimal_mark = fields.String(
        validate=validate.OneOf(["point", "comma"]),
        metadata={"description": "What stands before decimals in the file; by default detected from the whole file."},
    )
    is_dry_run = fields.Boolean(
        data_key="dry_run",
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Check the file and list what would change; nothing is written."},
    )


class ImportsQuery(PageArgs):
    builds = PageRequest


class FileFormatSchema(OutputSchema):
    kind = fields.String(validate=validate.OneOf(["csv", "xlsx"]))
    encoding = fields.String(metadata={"description": "`UTF-8`, `UTF-16` or `Windows-1252`; empty for a workbook."})
    separator = fields.String(metadata={"description": "`comma`, `semicolon`, `tab` or `bar`; empty for a workbook."})
    sheet = fields.String(metadata={"description": "The sheet of the workbook that is read."})
    decimal_mark = fields.String(metadata={"description": "`point` or `comma`."})


class RowFaultSchema(OutputSchema):
    row = fields.Integer(
        attribute="number",
        allow_none=True,
        metadata={"description": "As a spreadsheet numbers rows: the heading is 1; null: the whole file."},
    )
    kind = fields.String(
        validate=validate.OneOf(["fault", "notice"]),
        metadata={"description": "`fault`: the row is left out, or the file refused; `notice`: nothing is wrong."},
    )
    field = fields.String(
        metadata={"description": "The column; of a refused file `decimal_mark` when choosing that option would help."}
    )
    detail = fields.String()


class FieldChangeSchema(OutputSchema):
    field = fields.String()
    before = fields.String(metadata={"description": "Empty in a new product."})
    after = fields.String()


class RowChangeSchema(OutputSchema):
    row = fields.Integer()
    sku = fields.String()
    outcome = fields.String(validate=validate.OneOf(["created", "updated"]))
    changes = fields.List(fields.Nested(FieldChangeSchema))


class ImportSummarySchema(OutputSchema):
    id = fields.String()
    filename = fields.String()
    status = one_of(ImportStatus, metadata={"description": "`failed`: the file could not be read at all."})
    is_dry_run = fields.Boolean(metadata={"description": "Whether nothing was written: the counts are what would be."})
    rows_total = fields.Integer(allow_none=True, metadata={"description": "Null until the whole file was checked."})
    rows_read = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    failed = fields.Integer()
    created_at = fields.DateTime()
    finished_at = fields.DateTime(allow_none=True)


ImportPageSchema = page_of(ImportSummarySchema)


class ImportSchema(ImportSummarySchema):
    file_format = fields.Nested(
        FileFormatSchema, allow_none=True, metadata={"description": "How the file is read; null until it was checked."}
    )
    has_failed_rows = fields.Boolean(metadata={"description": "Whether `failed-rows` has a file."})
    errors = fields.List(
        fields.Nested(RowFaultSchema),
        attribute="listed",
        metadata={"description": "The first hundred faults, then the first hundred notices."},
    )
    changes = fields.List(
        fields.Nested(RowChangeSchema),
        metadata={"description": "Of a dry run: the first hundred rows that would change."},
    )
