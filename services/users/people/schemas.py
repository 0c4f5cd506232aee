"""Bodies of the people's API."""

from __future__ import annotations

from marshmallow import fields

from shared.web.schemas import OutputSchema


class CompanyNameSchema(OutputSchema):
    """A company by its id and name."""

    id = fields.String()
    name = fields.String()


class ActorSchema(OutputSchema):
    """The member of staff who acts for a company."""

    user_id = fields.String()
    name = fields.String()


class MeSchema(OutputSchema):
    """The person of the access token; `company` is null for staff, `acting` unless staff act for the company."""

    id = fields.String()
    email = fields.String()
    name = fields.String()
    company = fields.Nested(CompanyNameSchema, allow_none=True)
    roles = fields.List(fields.String())
    permissions = fields.List(
        fields.String(),
        metadata={"description": "As `x-permission` of the operations; `:any` after one means for all companies."},
    )
    acting = fields.Nested(ActorSchema, allow_none=True)


class UserSchema(OutputSchema):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    company_id = fields.String(allow_none=True)


class ContactSchema(OutputSchema):
    user_id = fields.String()
    email = fields.String()
    name = fields.String()


class ContactsSchema(OutputSchema):
    items = fields.List(fields.Nested(ContactSchema))
