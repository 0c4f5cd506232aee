"""What is wrong with a form: a sentence for each of its fields, and one for the form as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.calls.service_client import UpstreamRefused
from shared.portal.formatting import sentence

# Sentences by the name of the field, that of the whole form under WHOLE_FORM. A page that is rendered with `faults`
# lists them in its error summary.
Faults = dict[str, str]
WHOLE_FORM = ""

_UNSAFE_IN_ID = re.compile(r"[^A-Za-z0-9_-]")


def field_id(name: str) -> str:
    """Return the HTML id of a form's field; a name may hold any character (a SKU), an id that is linked to may not."""
    return "field-" + _UNSAFE_IN_ID.sub(lambda match: f".{ord(match[0]):x}.", name)


def faults_of(refusal: UpstreamRefused, pointers: Mapping[str, str], *, whole: str = WHOLE_FORM) -> Faults:
    """
    Return what the gateway refused, by field.

    `pointers` are the form's fields by the JSON pointers of the request, without the first slash; the longest that
    begins an error's pointer counts (`unit_price` for `/unit_price/amount`). `whole` is the field that a refusal
    without pointers belongs to.
    """
    found: dict[str, dict[str, None]] = {}
    for error in refusal.errors:
        found.setdefault(_field_of(error.pointer, pointers), {})[sentence(error.detail)] = None
    faults = {name: " ".join(details) for name, details in found.items()}
    return faults or {whole: sentence(refusal.detail or refusal.title)}


def _field_of(pointer: str, pointers: Mapping[str, str]) -> str:
    parts = pointer.strip("/").split("/")
    beginnings = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((pointers[each] for each in beginnings if each in pointers), WHOLE_FORM)
