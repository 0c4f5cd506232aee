"""The processor's hosted card page, where a buyer types a card number that we never see."""

from __future__ import annotations

from collections.abc import Sequence

from services.payments import rules
from services.payments.clients import clients
from services.payments.errors import ReturnUrlNotAllowed
from shared.base.errors import FieldError
from shared.base.ids import new_id


def open_card_page(return_url: str, *, allowed_origins: Sequence[str]) -> str:
    """Return the URL of a new card page; raise ReturnUrlNotAllowed when it would lead back to somebody else."""
    if not rules.is_own_url(return_url, allowed_origins):
        raise ReturnUrlNotAllowed(errors=[FieldError("/return_url", "Give an address of one of our portals.")])
    return clients().processor.create_session(return_url, key=new_id("ses"))
