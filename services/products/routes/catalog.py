"""Products, imports and inventory, under /v1."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import request, url_for
from flask.views import MethodView
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import PathConverter

from services.products import operations
from services.products.clients import settings
from services.products.schemas import (
    ImportFile,
    ImportSchema,
    InventoryInput,
    InventorySchema,
    ProductChanges,
    ProductInput,
    ProductPageSchema,
    ProductSchema,
    ProductsQuery,
)
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.schemas import SKU_PATTERN, ProblemSchema
from shared.web.service import ApiBlueprint

Route = TypeVar("Route", bound=Callable[..., Any])

products_blp = ApiBlueprint("products", __name__, url_prefix="/v1/products", description="The catalog")
inventory_blp = ApiBlueprint("inventory", __name__, url_prefix="/v1/inventory", description="Stock of a product")


class SkuConverter(PathConverter):
    """A SKU in an address, in any case; it may hold slashes and spaces."""

    def to_python(self, value: str) -> str:
        return normal_sku(value)


for _blueprint in (products_blp, inventory_blp):
    _blueprint.record(lambda state: state.app.url_map.converters.setdefault("sku", SkuConverter))


def normal_sku(value: str) -> str:
    """Return the SKU upper-cased and trimmed; an impossible one is an address that does not exist."""
    sku = value.strip().upper()
    if not SKU_PATTERN.match(sku):
        raise NoRoute()
    return sku


def accepts_upload(route: Route) -> Route:
    """Let this route's body be as large as an import may be."""

    @wraps(route)
    def uploading(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = settings().max_import_bytes
        return route(*args, **kwargs)

    return cast(Route, uploading)


@products_blp.route("")
class Products(MethodView):
    @requires("products:read")
    @products_blp.arguments(ProductsQuery, location="query")
    @products_blp.response(200, ProductPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List products by SKU."""
        return operations.list_products(current_principal(), **query)

    @requires("products:write")
    @products_blp.arguments(ProductInput)
    @products_blp.response(201, ProductSchema)
    @products_blp.alt_response(409, schema=ProblemSchema, description="There is a product with this SKU")
    def post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Create a product; it is not stocked until its inventory is set."""
        created = operations.create_product(**body)
        return created, 201, {"Location": url_for("products.Product", sku=created["sku"])}


@products_blp.route("/imports")
class Imports(MethodView):
    @requires("products:write")
    @accepts_upload
    @products_blp.arguments(ImportFile, location="files")
    @products_blp.response(202, ImportSchema)
    def post(self, files: dict[str, Any]) -> tuple[Any, int, dict[str, str]]:
        """
        Import a CSV file: `sku,name,description,category,unit_price,currency,stock,breaks`.

        `unit_price` in major units (`2.55`), `breaks` as `12:2.10;48:1.95`, an empty `stock` is not stocked.
        Known SKUs are updated. Ask the address in `Location` how far it is.
        """
        upload = files["file"]
        wanted = operations.start_import(current_principal().id, filename=upload.filename or "", content=upload.stream)
        return wanted, 202, {"Location": url_for("products.Import", import_id=wanted["_id"])}


@products_blp.route("/imports/<import_id>")
class Import(MethodView):
    @requires("products:write")
    @products_blp.response(200, ImportSchema)
    def get(self, import_id: str) -> dict[str, Any]:
        """Read how far an import is, and what was wrong with which row (the first hundred)."""
        return operations.get_import(import_id)


@products_blp.route("/<sku:sku>")
class Product(MethodView):
    @requires("products:read")
    @products_blp.response(200, ProductSchema)
    def get(self, sku: str) -> dict[str, Any]:
        """Read a product."""
        return operations.get_product(current_principal(), sku)

    @requires("products:write")
    @products_blp.arguments(ProductChanges)
    @products_blp.response(200, ProductSchema)
    @products_blp.alt_response(409, schema=ProblemSchema, description="Somebody else changed it at the same moment")
    def patch(self, body: dict[str, Any], sku: str) -> dict[str, Any]:
        """Change a product; what is left out stays."""
        return operations.update_product(sku, **body)


@inventory_blp.route("/<sku:sku>")
class Inventory(MethodView):
    @requires("products:read")
    @inventory_blp.response(200, InventorySchema)
    def get(self, sku: str) -> dict[str, Any]:
        """Read what is on hand, reserved and available."""
        return operations.get_inventory(sku)

    @requires("inventory:write")
    @inventory_blp.arguments(InventoryInput)
    @inventory_blp.response(200, InventorySchema)
    @inventory_blp.alt_response(409, schema=ProblemSchema, description="Orders hold more than that")
    def put(self, body: dict[str, Any], sku: str) -> dict[str, Any]:
        """Set what was counted in the warehouse; null: not stocked, never reserved."""
        return operations.set_inventory(sku, **body)
