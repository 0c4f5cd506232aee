"""Bodies of the sessions' API."""

from __future__ import annotations

from marshmallow import fields

from services.users.people.rules import MAX_PASSWORD_LENGTH
from services.users.sessions.rules import ActingRequest, Credentials, RefreshRequest
from shared.web.schemas import InputSchema, OutputSchema, secret_text, text


class LoginInput(InputSchema):
    builds = Credentials

    email = text(max_length=254)
    password = secret_text(MAX_PASSWORD_LENGTH)


class RefreshInput(InputSchema):
    builds = RefreshRequest

    refresh_token = secret_text(256)


class TokensSchema(OutputSchema):
    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()


class ActingTokenInput(InputSchema):
    builds = ActingRequest

    company_id = text(max_length=64)
    reason = text(max_length=500, multiline=True)


class ActingTokenSchema(OutputSchema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    company_id = fields.String()
