"""Bodies of the search API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.search.rules import TEXTS, SearchTerms, SuggestTerms
from shared.web.lists import PageArgs, page_of
from shared.web.schemas import InputSchema, OutputSchema, UnitPriceField

LONGEST_TEXT = 100


class SearchQuery(PageArgs):
    builds = SearchTerms

    q = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_TEXT),
        metadata={"description": "Words of the SKU, name, description or category.", "example": "bolt m8"},
    )
    category = fields.String(
        load_default=None,
        validate=validate.Length(max=100),
        metadata={"description": "Only products of this category, spelled as in `facets`.", "example": "Fasteners"},
    )


class SuggestQuery(InputSchema):
    builds = SuggestTerms

    q = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST_TEXT),
        metadata={"description": "What the person has typed.", "example": "bol"},
    )


class FoundProductSchema(OutputSchema):
    class Meta:
        include = {name: fields.String() for name in TEXTS}

    unit_price = UnitPriceField()


class FacetValueSchema(OutputSchema):
    value = fields.String()
    count = fields.Integer()


class FacetsSchema(OutputSchema):
    category = fields.List(fields.Nested(FacetValueSchema))


class FoundPageSchema(page_of(FoundProductSchema)):  # type: ignore[misc]
    total = fields.Integer(metadata={"description": "The products that were found."})
    facets = fields.Nested(FacetsSchema)


class SuggestionSchema(OutputSchema):
    sku = fields.String()
    name = fields.String()


class SuggestionsSchema(OutputSchema):
    items = fields.List(fields.Nested(SuggestionSchema))
