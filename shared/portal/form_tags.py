"""Tags in forms: what a person saw when a form was shown, so that nothing newer is replaced without their knowledge."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import request

from shared.base.texts import with_line_feeds
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import WHOLE_FORM, Faults

# A page with these faults shows what is stored now (`changed_meanwhile`) before it is sent.
STALE: Faults = {
    WHOLE_FORM: "This was changed by someone else since you opened it. Your input is kept, and what is stored now is"
    " named where it differs. Save again to replace it."
}
_TAG = re.compile(r'"[!#-~]{1,200}"')


def sent_tag() -> str:
    """Return the tag that came with the form, "" when it carries none: it becomes the header If-Match."""
    tag = request.form.get("tag", "")
    return tag if _TAG.fullmatch(tag) else ""


def tag_to_send(stored_tag: str, faults: Faults) -> str:
    """
    Return the tag for a form that is shown again.

    While other faults are corrected it is the tag that the form came with: the person has not seen anything newer.
    """
    if not faults or faults.get(WHOLE_FORM) == STALE[WHOLE_FORM]:
        return stored_tag
    return sent_tag() or stored_tag


def is_stale(refusal: UpstreamRefused) -> bool:
    return refusal.status == 412


def changed_meanwhile(
    typed: Mapping[str, str], stored: Mapping[str, str], shown: Mapping[str, str] | None = None
) -> Faults:
    """Return STALE and a sentence for each field whose stored value is not the typed one; `shown` is how to say it."""
    named = dict(stored) | dict(shown or {})
    differing = [
        name for name in stored if name in typed and with_line_feeds(typed[name]).strip() != stored[name].strip()
    ]
    return STALE | {name: f"{_label(name)} stored now: {_in_one_line(named[name])}" for name in differing}


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _in_one_line(text: str) -> str:
    return "; ".join(text.splitlines()) or "nothing"
