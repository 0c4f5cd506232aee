"""Failures of the notifications service; none of them reaches a client of its API."""

from __future__ import annotations


class MailNotDelivered(Exception):
    """The mail or text message could not be sent now; a retry may succeed."""


class MailNotSendable(Exception):
    """The mail or text message can never be sent as it is, for example because its address is invalid."""
