"""The imports API, under /v1/products/imports."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, request, stream_with_context, url_for
from flask.views import MethodView

from services.products.config import ProductsSettings
from services.products.errors import ImportNotRepeatable
from services.products.imports import examples, operations
from services.products.imports.documents import ImportSummary, ProductImport
from services.products.imports.rules import ImportOptions
from services.products.imports.schemas import (
    ImportFile,
    ImportOptionsInput,
    ImportPageSchema,
    ImportSchema,
    ImportsQuery,
    UploadedFile,
)
from services.products.rows.rules import OPTIONAL, REQUIRED
from shared.base.pages import PageRequest
from shared.data.pagination import Page
from shared.data.storage_contract import StoredFileMissing
from shared.web.auth import requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional
from shared.web.service import ApiBlueprint, current_settings

Route = TypeVar("Route", bound=Callable[..., Any])

imports_blp = ApiBlueprint(
    "imports", __name__, url_prefix="/v1/products/imports", description="Files of products to create or change."
)
_OPTIONAL = ", ".join(f"`{name}`" for name in OPTIONAL)


def accepts_upload(route: Route) -> Route:
    """Let this route's body be as large as an import may be."""

    @wraps(route)
    def uploading(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = current_settings(ProductsSettings).max_import_bytes
        return route(*args, **kwargs)

    return cast(Route, uploading)


def _accepted(started: ProductImport) -> tuple[ProductImport, int, dict[str, str]]:
    return started, 202, {"Location": url_for("imports.OneImport", import_id=started.id)}


@imports_blp.route("")
class Imports(MethodView):
    @requires("products:write")
    @imports_blp.arguments(ImportsQuery, location="query")
    @imports_blp.response(200, ImportPageSchema, example=examples.PAGE)
    @imports_blp.operation("listImports")
    def get(self, wanted: PageRequest) -> Page[ImportSummary]:
        """
        List imports, newest first.

        With the counts of each; `getImport` also has the faults of its rows.
        """
        return operations.list_imports(wanted)

    @requires("products:write")
    @accepts_upload
    @imports_blp.arguments(ImportFile, location="files", example=examples.FILE)
    @imports_blp.arguments(ImportOptionsInput, location="query")
    @imports_blp.response(202, ImportSchema, headers=LOCATED, example=examples.QUEUED)
    @imports_blp.doc(
        description=f"Columns in any order: {', '.join(f'`{name}`' for name in REQUIRED)}, and optionally {_OPTIONAL}."
        " A column that is left out leaves known products as they are."
        " `unit_price` in major units (`2.55`), `breaks` as `12:2.10;48:1.95`, an empty `stock` is not stocked."
        " Known SKUs are updated. CSV is read in UTF-8, UTF-16 or Windows-1252, with commas, semicolons, tabs or bars."
        " The answer comes before the work: read `Location` until `finished_at` is set. Rows with faults are left out,"
        " the others are imported; the same file may be sent again."
    )
    @imports_blp.operation("importProducts")
    def post(self, body: UploadedFile, options: ImportOptions) -> tuple[ProductImport, int, dict[str, str]]:
        """Import a CSV file or an XLSX workbook."""
        started = operations.start_import(filename=body.file.filename or "", content=body.file.stream, options=options)
        return _accepted(started)


@imports_blp.route("/<import_id>")
class OneImport(MethodView):
    @requires("products:write")
    @imports_blp.response(200, ImportSchema, example=examples.IMPORT)
    @imports_blp.operation("getImport")
    @conditional
    def get(self, import_id: str) -> ProductImport:
        """
        Read the progress of an import.

        `rows_read` of `rows_total` is how far it is; `finished_at` is null until it ends. `errors` say what is wrong
        with which row (the first hundred), `downloadFailedRows` has all of them.
        """
        return operations.get_import(import_id)


@imports_blp.route("/<import_id>/execution")
class Execution(MethodView):
    @requires("products:write")
    @imports_blp.response(202, ImportSchema, headers=LOCATED, example=examples.QUEUED)
    @imports_blp.operation("executeImport", ImportNotRepeatable)
    def post(self, import_id: str) -> tuple[ProductImport, int, dict[str, str]]:
        """
        Import the file of a dry run.

        The file is read as it was checked, with the same options. `Location` shows the new import. Possible once the
        dry run has succeeded.
        """
        return _accepted(operations.carry_out(import_id))


@imports_blp.route("/<import_id>/failed-rows")
class FailedRows(MethodView):
    @requires("products:write")
    @imports_blp.response(
        200,
        {"type": "string"},
        content_type="text/csv",
        description="The rows that were left out",
        example=examples.FAILED_ROWS,
    )
    @imports_blp.operation("downloadFailedRows", StoredFileMissing)
    def get(self, import_id: str) -> Response:
        """
        Download the rows that were left out.

        A CSV file of these rows as they were sent, with a column `reason`. Correct them and import the file again.
        """
        name = f"failed-rows-{import_id}.csv"
        return Response(
            stream_with_context(operations.failed_rows_file(import_id)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
