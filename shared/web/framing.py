"""
Where a request ends, read from its bytes as they come; gunicorn's own parser reads the same bytes again, strictly.

Only what is plainly well formed is waited for. A head with anything else counts as whole, and the parser refuses it.
"""

from __future__ import annotations

import re
from typing import Protocol

HEAD_END = b"\r\n\r\n"
LONGEST_CHUNK_LINE = 1024
LONGEST_TRAILERS = 8192
_LENGTHS = re.compile(rb"\ncontent-length[ \t]*:")
_CODINGS = re.compile(rb"\ntransfer-encoding[ \t]*:")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r")
_CODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-f]{1,15})[ \t]*(?:;|$)", re.IGNORECASE)


class Ending(Protocol):
    """The end of a body; `length` is None while it is unknown."""

    length: int | None

    def feed(self, piece: bytes) -> bool:
        """Take the next bytes of the body and return whether its end is among them."""


class KnownLength:
    """The end of a body with a Content-Length."""

    def __init__(self, length: int) -> None:
        self.length: int | None = length
        self._left = length

    def feed(self, piece: bytes) -> bool:
        self._left -= len(piece)
        return self._left <= 0


class LastChunk:
    """The end of a chunked body. Faulty chunks end it at once: the parser then refuses them."""

    def __init__(self) -> None:
        self.length: int | None = None
        self._line = b""
        self._skip = 0
        self._is_in_trailers = False

    def feed(self, piece: bytes) -> bool:
        at = 0
        while at < len(piece):
            if self._skip:
                step = min(self._skip, len(piece) - at)
                self._skip -= step
                at += step
                continue
            end = piece.find(b"\n", at)
            line = piece[at:] if end < 0 else piece[at : end + 1]
            at += len(line)
            self._line += line
            if self._is_over():
                return True
        return False

    def _is_over(self) -> bool:
        """Return whether the body ends with the line so far: by the last line of its trailers, or by a fault."""
        longest = LONGEST_TRAILERS if self._is_in_trailers else LONGEST_CHUNK_LINE
        if len(self._line) > longest:
            return True
        if not self._line.endswith(b"\n"):
            return False
        if self._is_in_trailers:
            return self._line == b"\r\n" or self._line.endswith(HEAD_END)
        found = _CHUNK_SIZE.match(self._line[:-2])
        if found is None or not self._line.endswith(b"\r\n"):
            return True
        size = int(found[1], 16)
        self._is_in_trailers = size == 0
        self._skip = size + 2 if size else 0
        self._line = b""
        return False


def find_ending(head: bytes) -> Ending | None:
    """Return how the body that follows `head` ends; None when no body is to be waited for."""
    lower = head.lower()
    if b"\ncontent-length" not in lower and b"\ntransfer-encoding" not in lower:
        return None
    lengths, codings = len(_LENGTHS.findall(lower)), len(_CODINGS.findall(lower))
    if lengths == 1 and not codings and (length := _LENGTH.search(lower)):
        return KnownLength(int(length[1])) if int(length[1]) else None
    if codings == 1 and not lengths and _CODING.search(lower):
        return LastChunk()
    return None


def asks_to_continue(head: bytes) -> bool:
    """Return whether the client waits for `100 Continue` before it sends the body."""
    return b"\nexpect: 100-continue\r" in head.lower()


def is_faulty(start: bytes) -> bool:
    """Return whether the beginning of a head holds a bare line feed, which the parser refuses."""
    return start.count(b"\n") != start.count(b"\r\n")
