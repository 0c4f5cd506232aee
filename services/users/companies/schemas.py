"""Bodies of the companies' API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.users.companies.rules import CompaniesFilter, CompanyDetails, CompanyName
from shared.web.lists import ChangesArgs, changes_page_of, search_text, sort_by
from shared.web.schemas import InputSchema, OutputSchema, text


class CompanyInput(InputSchema):
    """`reference` is the merchant's own number, unique in the installation: a repeat returns its company."""

    builds = CompanyDetails

    name = text(max_length=200)
    reference = text(max_length=100, required=False, load_default=None, allow_none=True)


class CompanySchema(OutputSchema):
    id = fields.String()
    name = fields.String()
    reference = fields.String(allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


CompanyPageSchema = changes_page_of(CompanySchema)


class CompaniesQuery(ChangesArgs):
    builds = CompaniesFilter

    q = search_text("Finds companies by the beginnings of words of their name and reference; each word must be found.")
    reference = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=100),
        metadata={"description": "The whole reference, as it is written."},
    )
    sort = sort_by("created_at", "-created_at")


class CompanyNameQuery(InputSchema):
    builds = CompanyName

    q = search_text("Beginnings of words of a company's name or reference.", required=True)


class CompanyIdSchema(OutputSchema):
    id = fields.String()


class CompanyIdsSchema(OutputSchema):
    items = fields.List(fields.Nested(CompanyIdSchema))
