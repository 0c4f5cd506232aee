"""
What a person typed into a form that was sent without a valid sign-in, kept until the same person has signed in again.

It is in the session, or in the signed cookie of a visit without one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from flask import request, session
from werkzeug.datastructures import MultiDict

from shared.base.card_numbers import holds_card_number
from shared.portal.csrf import is_from_own_page

LONGEST_BODY = 16 * 1024
# The cookie of a visit has room for this much beside its form token and messages.
MOST_CHARACTERS = 1_200
SENDER = "sent_by"
NOT_KEPT = frozenset({"csrf_token", SENDER, "password", "again"})


class Draft(msgspec.Struct, frozen=True):
    """`typed` are the values by field, for the endpoint that the form was sent to; `by` is the person's id."""

    by: str
    endpoint: str
    typed: dict[str, list[str]]


def keep_draft() -> None:
    """Keep the form of this request, if one of our own pages sent it and it is small; card numbers are left out."""
    if not 0 < (request.content_length or 0) <= LONGEST_BODY or not is_from_own_page():
        return
    sender = request.form.get(SENDER, "")
    typed = {name: values for name, values in request.form.lists() if name not in NOT_KEPT and not _has_card(values)}
    if sender and sum(len(text) for name, values in typed.items() for text in (name, *values)) <= MOST_CHARACTERS:
        session["draft"] = msgspec.to_builtins(Draft(sender, request.endpoint or "", typed))


def kept_draft() -> dict[str, Any]:
    """Return the draft as the session holds it, for the session that follows; {} without one."""
    return {"draft": session["draft"]} if "draft" in session else {}


def draft_sender() -> str | None:
    """Return the id of the person whose draft is kept, None without one."""
    return session["draft"]["by"] if "draft" in session else None


def take_draft(*endpoints: str) -> MultiDict[str, str]:
    """Return the draft for one of these endpoints and forget it; empty without one."""
    if session.get("draft", {}).get("endpoint") not in endpoints:
        return MultiDict()
    return MultiDict(msgspec.convert(session.pop("draft"), Draft).typed)


def _has_card(values: list[str]) -> bool:
    return any(holds_card_number(value) for value in values)
