"""The catalog API: products under /v1, and all of them for other services under /internal/v1."""

from __future__ import annotations

from flask import url_for
from flask.views import MethodView

from services.products.catalog import examples, operations
from services.products.catalog.documents import ProductView
from services.products.catalog.rules import ProductFields, ProductPatch, ProductsFilter
from services.products.catalog.schemas import (
    AllProductsPageSchema,
    AllProductsQuery,
    ProductChanges,
    ProductInput,
    ProductPageSchema,
    ProductSchema,
    ProductsQuery,
)
from services.products.errors import PriceBreaksInvalid, SkuTaken
from shared.base.errors import VersionConflict
from shared.base.pages import PageRequest
from shared.data.pagination import Page
from shared.web.auth import current_principal, internal, requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional, precondition
from shared.web.converters import accept_skus
from shared.web.service import ApiBlueprint

products_blp = ApiBlueprint(
    "products",
    __name__,
    url_prefix="/v1/products",
    description="The catalog: products with their prices and price breaks.",
)
internal_products_blp = ApiBlueprint(
    "internal-products", __name__, url_prefix="/internal/v1/products", description="The catalog for other services"
)
accept_skus(products_blp)


@products_blp.route("")
class Products(MethodView):
    @requires("products:read")
    @products_blp.arguments(ProductsQuery, location="query")
    @products_blp.response(200, ProductPageSchema, example=examples.PAGE)
    @products_blp.operation("listProducts")
    def get(self, wanted: ProductsFilter) -> Page[ProductView]:
        """
        List products by SKU.

        Buyers see the products that are for sale, with what is available now; people who may write products see the
        others too. To find products by words, use `searchProducts`.
        """
        return operations.list_products(current_principal(), wanted)

    @requires("products:write")
    @products_blp.arguments(ProductInput, example=examples.NEW)
    @products_blp.response(201, ProductSchema, headers=LOCATED, example=examples.CREATED)
    @products_blp.operation("createProduct", SkuTaken, PriceBreaksInvalid)
    def post(self, product: ProductFields) -> tuple[ProductView, int, dict[str, str]]:
        """
        Create a product.

        It is not stocked, so that it never runs out, until `setInventory` counts it. Many products at once are created
        and changed by `importProducts`.
        """
        created = operations.create_product(product)
        return created, 201, {"Location": url_for("products.OneProduct", sku=created.sku)}


@products_blp.route("/<sku:sku>")
class OneProduct(MethodView):
    @requires("products:read")
    @products_blp.response(200, ProductSchema, example=examples.PRODUCT)
    @products_blp.operation("getProduct")
    @conditional
    def get(self, sku: str) -> ProductView:
        """
        Read a product.

        With its price breaks and what is available now. A slash in a SKU may be sent as `%2F`.
        """
        return operations.get_product(current_principal(), sku)

    @requires("products:write")
    @products_blp.arguments(ProductChanges, example=examples.CHANGES)
    @products_blp.response(200, ProductSchema, example=examples.CHANGED)
    @products_blp.operation("updateProduct", VersionConflict, PriceBreaksInvalid)
    @conditional
    def patch(self, patch: ProductPatch, sku: str) -> ProductView:
        """
        Change a product.

        Fields that are left out stay as they are; `price_breaks` replaces all breaks. `is_active: false` takes the
        product off sale: it is neither found nor ordered, and existing orders keep it.
        """
        return operations.update_product(sku, patch, precondition())


@internal_products_blp.route("")
class AllProducts(MethodView):
    @internal("search")
    @internal_products_blp.arguments(AllProductsQuery, location="query")
    @internal_products_blp.response(200, AllProductsPageSchema)
    @internal_products_blp.operation("listAllProducts")
    def get(self, wanted: PageRequest) -> Page[ProductView]:
        """List every product by SKU, those that are not for sale too."""
        return operations.list_all_products(wanted)
