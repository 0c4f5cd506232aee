"""Bodies of the invitations' API."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate

from services.users.invitations.rules import Acceptance, TokenGiven
from services.users.people.rules import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, NewPerson
from shared.base.mail_addresses import AddressNotMailable, mailable_address
from shared.base.pages import PageRequest
from shared.web.lists import PageArgs, page_of
from shared.web.schemas import InputSchema, OutputSchema, no_card_number, secret_text, text


class InvitationsQuery(PageArgs):
    builds = PageRequest


def can_be_mailed(email: str) -> None:
    """Refuse an address that no mail reaches: the person would get no invitation and no mail about orders."""
    try:
        mailable_address(email.strip())
    except AddressNotMailable as fault:
        raise ValidationError(str(fault)) from fault


class InvitationInput(InputSchema):
    """`company_id` is left out for the merchant's own staff."""

    builds = NewPerson

    email = fields.String(
        required=True,
        validate=[validate.Length(max=254), no_card_number, can_be_mailed],
        metadata={"format": "email"},
    )
    name = text(max_length=200)
    company_id = text(max_length=64, required=False, load_default=None, allow_none=True)
    roles = fields.List(text(max_length=64), required=True, validate=validate.Length(min=1, max=8))


class TokenInput(InputSchema):
    builds = TokenGiven

    token = secret_text(256)


class AcceptanceInput(InputSchema):
    builds = Acceptance

    token = secret_text(256)
    name = text(max_length=200)
    password = fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(
            min=MIN_PASSWORD_LENGTH,
            max=MAX_PASSWORD_LENGTH,
            error="Use at least {min} characters, and at most {max}.",
        ),
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
    """`token` is in this answer only: its digest alone is stored."""

    token = fields.String()


InvitationPageSchema = page_of(InvitationSchema)
