"""Bodies of the sessions' API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.users.people.rules import MAX_PASSWORD_LENGTH
from services.users.sessions.rules import ActingRequest, Credentials, RefreshRequest
from shared.web.schemas import InputSchema, OutputSchema, secret_text, text


class LoginInput(InputSchema):
    """A person's e-mail address and password, and what is known of the device."""

    builds = Credentials

    email = text(max_length=254)
    password = secret_text(MAX_PASSWORD_LENGTH)
    device_token = fields.String(
        load_only=True,
        load_default="",
        validate=validate.Length(max=64),
        metadata={"description": "The device token of an earlier sign-in, if there is one."},
    )
    remember_device = fields.Boolean(
        load_default=False, metadata={"description": "Whether the answer has a device token for later sign-ins."}
    )


class RefreshInput(InputSchema):
    """The refresh token of the session."""

    builds = RefreshRequest

    refresh_token = secret_text(256)


class TokensSchema(OutputSchema):
    """The tokens of a session."""

    access_token = fields.String(metadata={"description": "For `Authorization: Bearer …`."})
    refresh_token = fields.String(metadata={"description": "Continues the session, once."})
    token_type = fields.String(metadata={"description": "`Bearer`."})
    expires_in = fields.Integer(metadata={"description": "The life of the access token in seconds."})
    device_token = fields.String(
        allow_none=True, metadata={"description": "Null unless `remember_device` was set. Keep it for later sign-ins."}
    )


class ActingTokenInput(InputSchema):
    """The company to act for, and why: the reason is kept in the audit log."""

    builds = ActingRequest

    company_id = text(max_length=64)
    reason = text(max_length=500, multiline=True)


class ActingTokenSchema(OutputSchema):
    """A token with which staff act for a company; it cannot be refreshed."""

    access_token = fields.String(metadata={"description": "For `Authorization: Bearer …`."})
    token_type = fields.String(metadata={"description": "`Bearer`."})
    expires_in = fields.Integer(metadata={"description": "The life of the access token in seconds."})
    company_id = fields.String()
