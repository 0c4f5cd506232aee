"""What a request says of the state that it changes (`If-Match`, RFC 9110), and how a state is named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.base.errors import BadRequest, Problem

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[ \t]*(?:{_TAG})?(?:[ \t]*,[ \t]*(?:{_TAG})?)*[ \t]*")
_STRONG_TAG = re.compile(r'(W/)?"([^"]*)"')


class PreconditionFailed(Problem):
    status = 412
    title = "Precondition failed"
    meaning = "The resource was changed since the ETag in If-Match was read. Nothing was done."
    advice = (
        "Read the resource again, compare, and send the request with its present ETag; the same Idempotency-Key "
        "may be used."
    )


@dataclass(frozen=True)
class Precondition:
    """The states of which a request accepts one; None: it accepts any."""

    revisions: frozenset[str] | None = None

    def require(self, revision: str) -> None:
        """
        Raise PreconditionFailed unless the request accepts this state.

        An operation calls it on what it read, and writes only if that is still stored: so both are one step.
        """
        if self.revisions is not None and revision not in self.revisions:
            raise PreconditionFailed("This was changed since it was read: read it again, and send its ETag in If-Match")


ANY_STATE = Precondition()


def read_if_match(value: str) -> Precondition:
    """
    Return the precondition of an `If-Match` field, "" for an absent one; raise BadRequest for a malformed one.

    A tag is `"<revision>.<representation>"`. Only the revision is compared: it names what a request can change, while
    the representation also depends on the reader, on stock and prices, and on gzip. A weak tag never matches.
    """
    if not value or value.strip() == "*":
        return ANY_STATE
    tags = [tag for is_weak, tag in _STRONG_TAG.findall(value) if not is_weak]
    if not _TAGS.fullmatch(value) or '"' not in value:
        raise BadRequest('If-Match is a list of entity tags, such as "7.x1", or *')
    return Precondition(frozenset(tag.rpartition(".")[0] for tag in tags))


def revision_of(version: int, commit_id: str | None) -> str:
    """Return the name of a stored state; the commit's id tells it from the same version of a restored backup."""
    return f"{version}-{commit_id[-8:]}" if commit_id else str(version)
