"""Importing a product file: upload, progress, the rows that were refused, a template."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portals.admin.clients import imports
from portals.admin.presenters import IMPORT_TEMPLATE, import_progress
from portals.admin.views.recent_imports import recent_imports, remember_import
from shared.calls.service_client import UpstreamRefused

blueprint = Blueprint("imports", __name__, url_prefix="/imports")


@blueprint.get("")
def upload_form() -> str:
    return render_template("imports/upload.html", recent=recent_imports(), error="")


@blueprint.post("")
def upload() -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _again("Choose a CSV file first."), 422
    try:
        started = imports.upload(sent.filename, sent.read())
    except UpstreamRefused as refusal:
        if refusal.status not in (400, 413, 415, 422):
            raise
        return _again(refusal.detail or refusal.title), refusal.status
    remember_import(started["id"])
    flash(f"{sent.filename} is uploaded.", "good")
    return redirect(url_for("imports.progress", import_id=started["id"]))


@blueprint.get("/template.csv")
def template() -> Response:
    return Response(
        IMPORT_TEMPLATE,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="tradepost-products.csv"'},
    )


@blueprint.get("/<import_id>")
def progress(import_id: str) -> str:
    found = imports.get_import(import_id)
    return render_template("imports/progress.html", found=found, progress=import_progress(found))


@blueprint.get("/<import_id>/state")
def state(import_id: str) -> Response:
    """Return whether the import is over and how far it is, for the page that watches it."""
    found = imports.get_import(import_id)
    shown = import_progress(found)
    return jsonify(is_over=shown["is_over"], counts=dict(shown["counts"]))


def _again(error: str) -> str:
    return render_template("imports/upload.html", recent=recent_imports(), error=error)
