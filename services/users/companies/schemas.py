"""Bodies of the companies' API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.users.companies.rules import CompaniesFilter, CompanyDetails
from shared.web.schemas import InputSchema, OutputSchema, PageArgs, page_of, text


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


CompanyPageSchema = page_of(CompanySchema)


class CompaniesQuery(PageArgs):
    builds = CompaniesFilter

    reference = fields.String(load_default=None, validate=validate.Length(min=1, max=100))
