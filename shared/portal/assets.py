"""Addresses of stylesheets, scripts and icons, with a digest of the content, so that browsers keep them for ever."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, url_for


def asset(filename: str, endpoint: str = "static") -> str:
    """Return the address of a file of the portal's own, or of Bootstrap's (`bootstrap.static`)."""
    scaffold = current_app if endpoint == "static" else current_app.blueprints[endpoint.partition(".")[0]]
    return url_for(endpoint, filename=filename, v=_digest(str(scaffold.static_folder), filename))


@lru_cache(maxsize=64)
def _digest(folder: str, filename: str) -> str:
    return hashlib.sha256((Path(folder) / filename).read_bytes()).hexdigest()[:12]


def register_assets(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset
