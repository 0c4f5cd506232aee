"""Failures of the notifications service; none of them reaches a client of its API."""

from __future__ import annotations


class MailNotDelivered(Exception):
    """The mail or text message could not be handed over now; trying later may help."""


class MailNotSendable(Exception):
    """The mail or text message can never be sent as it is, for example because its address is none."""
