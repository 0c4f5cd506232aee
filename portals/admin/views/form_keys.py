"""Idempotency keys of forms: made when a form is shown, so that sending it twice does its work once."""

from __future__ import annotations

import secrets

from flask import request

LONGEST = 64


def new_form_key() -> str:
    return secrets.token_urlsafe(18)


def sent_form_key() -> str:
    """Return the key that came with the form, a new one when it carries none."""
    return request.form.get("form_key", "")[:LONGEST] or new_form_key()
