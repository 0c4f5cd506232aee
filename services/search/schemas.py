"""Bodies of the search API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.search.rules import TEXTS, SearchTerms, SuggestTerms
from shared.web.schemas import InputSchema, OutputSchema, PageArgs, UnitPriceField, page_of

LONGEST_TEXT = 100


class SearchQuery(PageArgs):
    builds = SearchTerms

    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_TEXT))
    category = fields.String(load_default=None, validate=validate.Length(max=100))


class SuggestQuery(InputSchema):
    builds = SuggestTerms

    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_TEXT))


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
    total = fields.Integer()
    facets = fields.Nested(FacetsSchema)


class SuggestionSchema(OutputSchema):
    sku = fields.String()
    name = fields.String()


class SuggestionsSchema(OutputSchema):
    items = fields.List(fields.Nested(SuggestionSchema))
