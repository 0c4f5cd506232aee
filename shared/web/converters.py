"""URL converters: SKUs."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import PathConverter

from shared.base.skus import is_sku, normal_sku


class SkuConverter(PathConverter):
    """A SKU in a URL, in upper or lower case; it may hold slashes and spaces."""

    def to_python(self, value: str) -> str:
        """Return the SKU upper-cased and trimmed; raise 404 for text that cannot be a SKU."""
        sku = normal_sku(value)
        if not is_sku(sku):
            raise NoRoute()
        return sku

    def to_url(self, value: str) -> str:
        """Return the SKU as one segment of a path: its slashes are encoded."""
        return quote(value, safe="")


def accept_skus(blueprint: Blueprint) -> None:
    """Register the converter `<sku:sku>` for the routes of this blueprint."""

    def register(state: BlueprintSetupState) -> None:
        state.app.url_map.converters["sku"] = SkuConverter

    blueprint.record(register)
