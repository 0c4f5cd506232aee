"""The question before an action that cannot be undone: a page of its own, which works without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request

from shared.portal.drafts import SENDER

NOT_KEPT = {"csrf_token", "confirmed", SENDER}


@dataclass(frozen=True)
class Question:
    """`effects` say what will happen; `button` does it, `back` is the address of the page that leaves it."""

    title: str
    effects: Sequence[str]
    button: str
    back: str
    is_danger: bool = True


def ask_once(question: Question) -> str | None:
    """
    Return the page that asks, None when the person has answered yes.

    The page sends the same form again, with what was typed and with the same form key.
    """
    if request.form.get("confirmed") == "yes":
        return None
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]
    return render_template("question.html", question=question, kept=kept)
