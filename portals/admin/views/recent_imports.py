"""The imports that were started in this session; the API has no list of them."""

from __future__ import annotations

from typing import Any

from flask import session

from portals.admin.clients import imports
from shared.calls.service_client import UpstreamRefused

MOST = 5


def remember_import(import_id: str) -> None:
    known = [found for found in session.get("imports", []) if found != import_id]
    session["imports"] = [import_id, *known][:MOST]


def recent_imports() -> list[dict[str, Any]]:
    found = []
    for import_id in session.get("imports", []):
        try:
            found.append(imports.get_import(import_id))
        except UpstreamRefused as refusal:
            if refusal.status != 404:
                raise
    return found
