"""Bodies of the keys' and service tokens' API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.users.keys.rules import ServiceCredentials
from shared.base.workloads import SERVICES
from shared.web.schemas import InputSchema, OutputSchema, secret_text, text


class ServiceTokenInput(InputSchema):
    builds = ServiceCredentials

    service = text(max_length=64)
    secret = secret_text(256)
    audience = fields.String(required=True, validate=validate.OneOf(SERVICES))


class ServiceTokenSchema(OutputSchema):
    access_token = fields.String()
    expires_in = fields.Integer()


class SigningKeySchema(OutputSchema):
    """A public key (RFC 7517, RFC 7518)."""

    kty = fields.String()
    crv = fields.String()
    x = fields.String()
    y = fields.String()
    kid = fields.String()
    alg = fields.String()
    use = fields.String()


class SigningKeysSchema(OutputSchema):
    """A JSON Web Key Set: access tokens name the key that signed them as `kid`."""

    keys = fields.List(fields.Nested(SigningKeySchema))
