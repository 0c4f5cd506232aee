"""Bodies of the imports API."""

from __future__ import annotations

from dataclasses import dataclass

from flask_smorest.fields import Upload
from marshmallow import fields
from werkzeug.datastructures import FileStorage

from shared.web.schemas import InputSchema, OutputSchema


@dataclass(frozen=True)
class UploadedFile:
    """The file of a multipart body."""

    file: FileStorage


class ImportFile(InputSchema):
    builds = UploadedFile

    file = Upload(required=True)


class RowFaultSchema(OutputSchema):
    row = fields.Integer(
        attribute="number",
        allow_none=True,
        metadata={"description": "As a spreadsheet numbers rows: the heading is 1; null: the whole file."},
    )
    kind = fields.String(
        metadata={"description": "`fault`: the row is left out, or the file refused; `notice`: nothing is wrong."}
    )
    field = fields.String()
    detail = fields.String()


class ImportSchema(OutputSchema):
    id = fields.String()
    filename = fields.String()
    status = fields.String()
    rows_read = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    failed = fields.Integer()
    rows_total = fields.Integer(allow_none=True, metadata={"description": "Null until the whole file was checked."})
    has_failed_rows = fields.Boolean(metadata={"description": "Whether `failed-rows` has a file."})
    errors = fields.List(
        fields.Nested(RowFaultSchema),
        attribute="listed",
        metadata={"description": "The first hundred faults, then the first hundred notices."},
    )
    created_at = fields.DateTime()
    finished_at = fields.DateTime(allow_none=True)
