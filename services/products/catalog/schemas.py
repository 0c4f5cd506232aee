"""Bodies of the catalog API; the text fields derive from `rules.TEXTS`."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import fields, validate

from services.products.catalog.rules import TEXTS, ProductFields, ProductPatch, ProductsFilter, price
from shared.base.money import UnitPrice
from shared.base.pages import PageRequest
from shared.events.catalog.products import PriceBreak
from shared.web import schemas
from shared.web.lists import CURSOR_LENGTH, ChangesArgs, changes_page_of, page_of, page_size, sort_by
from shared.web.schemas import InputSchema, OutputSchema, UnitPriceField

MOST_SKUS = 100


class PriceInput(UnitPriceField):
    """A unit price that loads to the Price that is stored."""

    def deserialize(self, *args: Any, **kwargs: Any) -> Any:
        loaded = super().deserialize(*args, **kwargs)
        return price(*loaded) if isinstance(loaded, UnitPrice) else loaded


def _text(name: str, *, is_patch: bool) -> fields.String:
    limit = TEXTS[name]
    return schemas.text(
        required=limit.is_required and not is_patch,
        blank=not limit.is_required,
        max_length=limit.max_length,
        multiline=limit.is_multiline,
        are_gtins_allowed=True,
    )


class PriceBreakInput(InputSchema):
    """A lower unit price from a number of units on; in the currency of the product's price."""

    builds = PriceBreak

    min_quantity = schemas.quantity()
    unit_price = PriceInput(required=True)


class ProductChanges(InputSchema):
    """What PATCH may change; fields left out stay as they are."""

    builds: ClassVar[type] = ProductPatch

    class Meta(InputSchema.Meta):
        include = {name: _text(name, is_patch=True) for name in TEXTS}

    unit_price = PriceInput()
    price_breaks = fields.List(fields.Nested(PriceBreakInput))
    is_active = fields.Boolean(truthy={True}, falsy={False})


class ProductInput(ProductChanges):
    builds = ProductFields

    class Meta(InputSchema.Meta):
        include = {name: _text(name, is_patch=False) for name in TEXTS}

    sku = schemas.NewSku(required=True)
    unit_price = PriceInput(required=True)


class PriceBreakSchema(OutputSchema):
    """The unit price from a number of units on."""

    min_quantity = fields.Integer()
    unit_price = UnitPriceField()


class ProductSchema(OutputSchema):
    """A product; `available` is null when it is not stocked, and then it never runs out."""

    class Meta:
        include = {"sku": fields.String(), **{name: fields.String() for name in TEXTS}}

    unit_price = UnitPriceField()
    price_breaks = fields.List(fields.Nested(PriceBreakSchema))
    warnings = fields.List(fields.String(), metadata={"description": "Breaks that cost more than fewer units do."})
    is_stocked = fields.Boolean()
    available = fields.Integer(allow_none=True)
    is_active = fields.Boolean(metadata={"description": "Whether the product is for sale."})
    version = fields.Integer(metadata={"description": "Rises by one with each change."})
    created_at = fields.DateTime()
    updated_at = fields.DateTime(
        metadata={"description": "Of the product itself: changes of stock are listed at `GET /v1/inventory`."}
    )


ProductPageSchema = changes_page_of(ProductSchema)
AllProductsPageSchema = page_of(ProductSchema, name="AllProductsPageSchema")


class ProductsQuery(ChangesArgs):
    builds = ProductsFilter

    category = fields.String(
        load_default=None, validate=validate.Length(max=100), metadata={"description": "The whole category."}
    )
    skus = fields.List(
        schemas.Sku(),
        data_key="sku",
        load_default=list,
        validate=validate.Length(max=MOST_SKUS),
        metadata={"description": f"Any of these SKUs, at most {MOST_SKUS}: `sku=BOLT-M8&sku=NUT-M8`."},
    )
    sort = sort_by("sku", "-sku", "created_at", "-created_at")


class AllProductsQuery(InputSchema):
    builds = PageRequest

    cursor = fields.String(load_default=None, validate=validate.Length(max=CURSOR_LENGTH))
    limit = page_size(500, most=500)
