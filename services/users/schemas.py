"""Bodies of the users API."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.base.workloads import SERVICES
from shared.web.schemas import InputSchema, OutputSchema, PageArgs, page_of, text

MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 12, 1024


def secret_text(max_length: int) -> fields.String:
    """A secret is taken as it was typed: neither trimmed nor judged."""
    return fields.String(required=True, load_only=True, validate=validate.Length(min=1, max=max_length))


class LoginInput(InputSchema):
    email = text(max_length=254)
    password = secret_text(MAX_PASSWORD_LENGTH)


class RefreshInput(InputSchema):
    refresh_token = secret_text(256)


class TokensSchema(OutputSchema):
    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()


class ActingTokenInput(InputSchema):
    company_id = text(max_length=64)
    reason = text(max_length=500)


class ActingTokenSchema(OutputSchema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    company_id = fields.String()


class CompanyNameSchema(OutputSchema):
    id = fields.String()
    name = fields.String()


class ActorSchema(OutputSchema):
    user_id = fields.String()
    name = fields.String()


class MeSchema(OutputSchema):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    company = fields.Nested(CompanyNameSchema, allow_none=True)
    roles = fields.List(fields.String())
    permissions = fields.List(fields.String())
    acting = fields.Nested(ActorSchema, allow_none=True)


class CompanyInput(InputSchema):
    """`reference` is the merchant's own number, unique in the installation: a repeat returns the company there is."""

    name = text(max_length=200)
    reference = text(max_length=100, required=False, load_default=None, allow_none=True)


class CompanySchema(OutputSchema):
    id = fields.String()
    name = fields.String()
    reference = fields.String(allow_none=True)
    created_at = fields.DateTime()


CompanyPageSchema = page_of(CompanySchema)


class CompaniesQuery(PageArgs):
    reference = fields.String(load_default=None, validate=validate.Length(min=1, max=100))


class ServiceTokenInput(InputSchema):
    service = text(max_length=64)
    secret = secret_text(256)
    audience = fields.String(required=True, validate=validate.OneOf(SERVICES))


class ServiceTokenSchema(OutputSchema):
    access_token = fields.String()
    expires_in = fields.Integer()


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


class KeySchema(OutputSchema):
    kty = fields.String()
    crv = fields.String()
    x = fields.String()
    y = fields.String()
    kid = fields.String()
    alg = fields.String()
    use = fields.String()


class KeysSchema(OutputSchema):
    keys = fields.List(fields.Nested(KeySchema))


class InvitationInput(InputSchema):
    """`company_id` is left out for the merchant's own staff."""

    email = fields.Email(required=True, validate=validate.Length(max=254))
    name = text(max_length=200)
    company_id = text(max_length=64, required=False, load_default=None, allow_none=True)
    roles = fields.List(text(max_length=64), required=True, validate=validate.Length(min=1, max=8))


class TokenInput(InputSchema):
    token = secret_text(256)


class AcceptanceInput(TokenInput):
    name = text(max_length=200)
    password = fields.String(
        required=True, load_only=True, validate=validate.Length(min=MIN_PASSWORD_LENGTH, max=MAX_PASSWORD_LENGTH)
    )


class InvitationSchema(OutputSchema):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    company_id = fields.String(allow_none=True)
    roles = fields.List(fields.String())
    expires_at = fields.DateTime()
    is_expired = fields.Boolean()


class IssuedInvitationSchema(InvitationSchema):
    """`token` is told this once: only its digest is kept."""

    token = fields.String()


InvitationPageSchema = page_of(InvitationSchema)
