"""Bodies of the sessions' API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.users.people.rules import MAX_PASSWORD_LENGTH
from services.users.sessions.rules import ActingRequest, Credentials, RefreshRequest
from shared.web.schemas import InputSchema, OutputSchema, secret_text, text


class LoginInput(InputSchema):
    builds = Credentials

    email = text(max_length=254)
    password = secret_text(MAX_PASSWORD_LENGTH)
    device_token = fields.String(load_only=True, load_default="", validate=validate.Length(max=64))
    remember_device = fields.Boolean(load_default=False)


class RefreshInput(InputSchema):
    builds = RefreshRequest

    refresh_token = secret_text(256)


class TokensSchema(OutputSchema):
    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    device_token = fields.String(allow_none=True)


class ActingTokenInput(InputSchema):
    builds = ActingRequest

    company_id = text(max_length=64)
    reason = text(max_length=500, multiline=True)


class ActingTokenSchema(OutputSchema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    company_id = fields.String()
