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
    row = fields.Integer(metadata={"description": "As a spreadsheet numbers rows: the heading is 1; 0 is the file."})
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
    errors = fields.List(fields.Nested(RowFaultSchema))
    created_at = fields.DateTime()
    finished_at = fields.DateTime(allow_none=True)
