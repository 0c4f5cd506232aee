"""Importing a product file: dry run, upload, progress, refused rows, a template, and the list of all imports."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import CombinedMultiDict

from portals.admin.imports.client import imports
from portals.admin.imports.forms import DECIMAL_MARKS, UploadForm
from portals.admin.imports.presenter import COLUMNS, IMPORT_TEMPLATE, import_progress, import_question
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import Faults
from shared.portal.paging import wanted_cursor
from shared.portal.permissions import needs
from shared.portal.questions import ask_once

blueprint = Blueprint("imports", __name__, url_prefix="/imports")


@blueprint.get("")
@needs("products:write")
def upload_form() -> str:
    return _form(UploadForm(), {})


@blueprint.post("")
@needs("products:write")
def upload() -> ResponseReturnValue:
    form = UploadForm(CombinedMultiDict([request.files, request.form]))
    if not form.validate():
        return _form(form, form.faults), 422
    try:
        sent = form.file.data
        started = imports.upload(
            sent.filename, sent.stream, decimal_mark=form.decimal_mark.data, is_dry_run=form.part.data == "check"
        )
    except UpstreamRefused as refusal:
        return _form(form, form.refused(refusal, statuses=(400, 413, 415, 422), whole="file")), refusal.status
    flash(f"{started.filename} is uploaded.", "good")
    return redirect(url_for("imports.progress", import_id=started.id))


@blueprint.get("/template.csv")
@needs("products:write")
def template() -> Response:
    return Response(
        IMPORT_TEMPLATE,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="tradepost-products.csv"'},
    )


@blueprint.get("/<import_id>")
@needs("products:write")
def progress(import_id: str) -> str:
    found = imports.get_import(import_id)
    return render_template(
        "imports/progress.html",
        found=found,
        progress=import_progress(found),
        form=UploadForm(),
        decimal_marks=DECIMAL_MARKS,
    )


@blueprint.post("/<import_id>/execution")
@needs("products:write")
def execution(import_id: str) -> ResponseReturnValue:
    """Import the file of a dry run."""
    found = imports.get_import(import_id)
    if asked := ask_once(import_question(found, url_for("imports.progress", import_id=import_id))):
        return asked
    started = imports.carry_out(import_id)
    flash(f"The import of {started.filename} has begun.", "good")
    return redirect(url_for("imports.progress", import_id=started.id))


@blueprint.get("/<import_id>/failed-rows.csv")
@needs("products:write")
def failed_rows(import_id: str) -> Response:
    return Response(
        imports.failed_rows(import_id),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="failed-rows-{import_id}.csv"'},
    )


@blueprint.get("/<import_id>/state")
@needs("products:write")
def state(import_id: str) -> Response:
    """Return whether the import is over and how far it is, for the page that polls it."""
    shown = import_progress(imports.get_import(import_id))
    return jsonify(
        is_over=shown.is_over, counts=dict(shown.counts), rows_read=shown.rows_read, rows_total=shown.rows_total
    )


def _form(form: UploadForm, faults: Faults) -> str:
    return render_template(
        "imports/upload.html",
        columns=COLUMNS,
        page=imports.list_imports(wanted_cursor()),
        faults=faults,
        form=form,
        decimal_marks=DECIMAL_MARKS,
    )
