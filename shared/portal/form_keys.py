"""Idempotency keys of forms: made when a form is shown, so that sending it twice does its work once."""

from __future__ import annotations

import re
import secrets

from flask import request

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def new_form_key() -> str:
    return secrets.token_urlsafe(24)


def sent_form_key(field: str = "form_key") -> str:
    """Return the key that came with the form, a new one when it carries none of ours: it becomes a header."""
    key = request.form.get(field, "")
    return key if _KEY.fullmatch(key) else new_form_key()
