"""One request while it arrives: its bytes in memory or in a file, and the moment by which more must have come."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from gunicorn.http.errors import LimitRequestHeaders, NoMoreData

from shared.base.errors import BadRequest, Problem
from shared.web.framing import HEAD_END, Ending, asks_to_continue, find_ending, is_faulty


class BodyTooLarge(Problem):
    status = 413
    title = "Content too large"
    meaning = "The body is larger than the address takes."
    advice = "Send at most what the detail allows, in several requests if need be."


class BodyTooSlow(Problem):
    status = 408
    title = "Request timeout"
    meaning = "The body did not arrive in time."
    advice = "Send the request again over a faster connection, or in smaller parts."


class BodyIncomplete(Problem):
    status = 400
    title = "Request body incomplete"
    meaning = "The connection ended, or the body was shorter than it said."
    advice = "Send the request again with the whole body."


class HeadTooSlow(Problem):
    status = 408
    title = "Request timeout"
    meaning = "The header fields did not arrive in time."
    advice = "Send the request again at once and whole."


_FORWARDED_FOR = re.compile(rb"\r\nx-forwarded-for:[ \t]*([^\r\n]*)", re.IGNORECASE)


# A chunked body of this size is received whatever its limit: the application's own refusal says more.
SMALL_BODY_BYTES = 64 * 1024
BODY_LIMIT = "tradepost_body_limit"
BodyLimit = Callable[[str, str, bool], int]


@dataclass(frozen=True, kw_only=True)
class ArrivalLimits:
    """
    Limits of each request while it arrives.

    A head must arrive within `head_seconds`. A body has `body_seconds`, and one second more for each
    `body_bytes_per_second` that came; `idle_seconds` without a byte end it earlier. Bodies above `memory_bytes` are
    kept in a file. Bodies above `largest_body` are not received, nor those above what `limit_for` returns for a
    request's method, target and whether it brings an access token.
    """

    head_seconds: float = 10.0
    body_seconds: float = 10.0
    idle_seconds: float = 10.0
    body_bytes_per_second: int = 64 * 1024
    largest_head: int = 64 * 1024
    memory_bytes: int = 64 * 1024
    largest_body: int = 64 * 1024 * 1024
    limit_for: BodyLimit | None = None

    @classmethod
    def of(cls, application: Any) -> ArrivalLimits:
        """Return the limits of this process; the Flask application says which bodies are too large for it."""
        largest_body = getattr(application, "config", {}).get("MAX_CONTENT_LENGTH")
        limit_for = getattr(application, "extensions", {}).get(BODY_LIMIT)
        return cls(
            head_seconds=float(os.environ.get("HEAD_SECONDS", cls.head_seconds)),
            body_seconds=float(os.environ.get("BODY_SECONDS", cls.body_seconds)),
            idle_seconds=float(os.environ.get("BODY_IDLE_SECONDS", cls.idle_seconds)),
            body_bytes_per_second=int(os.environ.get("BODY_BYTES_PER_SECOND", cls.body_bytes_per_second)),
            # An application with limits by route takes larger bodies on some of them.
            largest_body=cls.largest_body if largest_body is None or limit_for is not None else largest_body,
            limit_for=limit_for,
        )

    def largest(self, head: bytes) -> int:
        """Return the most bytes that are received of the body that follows `head`."""
        if self.limit_for is None:
            return self.largest_body
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        has_token = b"\r\nauthorization: bearer " in head.lower()
        return min(self.largest_body, self.limit_for(method, rest.partition(" ")[0], has_token))


class Arrival:
    """
    One request of a connection, from its first byte.

    `problem` is why the application does not get it although its head is complete. `is_whole` says that it ends within
    the bytes received: only then may another request follow on the connection.
    """

    def __init__(self, limits: ArrivalLimits) -> None:
        self._limits = limits
        self._memory = b""
        self._file: IO[bytes] | None = None
        self._ending: Ending | None = None
        self._read_at = 0
        self._largest = limits.largest_body
        self._started_at = self._last_at = 0.0
        self._failure: Exception | None = None
        self.received = 0
        self.head_length = 0
        self.problem: Problem | None = None
        self.is_whole = False
        self.must_continue = False

    @property
    def length(self) -> int | None:
        """The length of the body in bytes, None for a chunked one."""
        return self._ending.length if self._ending else 0

    @property
    def due_at(self) -> float:
        limits = self._limits
        if not self.head_length:
            return self._started_at + limits.head_seconds
        earned = limits.body_seconds + self.received / limits.body_bytes_per_second
        return min(self._last_at + limits.idle_seconds, self._started_at + earned)

    @property
    def file_bytes(self) -> int:
        """How much of a temporary file the body takes."""
        return self.received if self._file is not None else 0

    def is_slow(self, now: float, seconds: float) -> bool:
        return self.received > 0 and now - self._started_at > seconds

    def feed(self, piece: bytes, now: float) -> bool:
        """Take the bytes that came and return whether nothing more is to be waited for."""
        if not self.received:
            self._started_at = now
        self._last_at = now
        self.received += len(piece)
        if self._ending is None:
            return self._feed_head(piece)
        self._keep(piece)
        return self._feed_body(self._ending, piece)

    def _feed_head(self, piece: bytes) -> bool:
        self._memory = start = self._memory + piece if self._memory else piece
        end = start.find(HEAD_END)
        if end < 0:
            if len(start) > self._limits.largest_head:
                self._failure = LimitRequestHeaders("The header fields are too large")
                return True
            return is_faulty(start)
        self.head_length = end + len(HEAD_END)
        head = start[: self.head_length]
        self._ending = find_ending(head)
        if self._ending is None:
            self.is_whole = True
            return True
        length = self._ending.length
        if length is None or length > self._limits.memory_bytes:
            self._largest = self._limits.largest(head)
        if length is not None and length > self._largest:
            return True  # the application reads the length and refuses
        self.must_continue = asks_to_continue(head) and len(start) == self.head_length
        return self._feed_body(self._ending, start[self.head_length :])

    def _feed_body(self, ending: Ending, piece: bytes) -> bool:
        if ending.feed(piece):
            self.is_whole = True
        elif ending.length is None and self.received - self.head_length > max(self._largest, SMALL_BODY_BYTES):
            self.problem = BodyTooLarge(f"At most {self._largest} bytes are accepted")
        return self.is_whole or self.problem is not None

    def _keep(self, piece: bytes) -> None:
        if self._file is None:
            if len(self._memory) + len(piece) <= self._limits.memory_bytes:
                self._memory += piece
                return
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
            self._file.write(self._memory)
            self._memory = b""
        self._file.write(piece)

    def forwarded_for(self) -> str:
        """Return the value of X-Forwarded-For, "" where it is absent; to be asked before the body is in a file."""
        found = _FORWARDED_FOR.search(self._memory[: self.head_length])
        return found[1].decode("latin-1") if found else ""

    def cut(self, *, is_overdue: bool) -> bool:
        """End the arrival early, and return whether the client is sent an answer."""
        if self.head_length:
            self.problem = BodyTooSlow("The body did not arrive in time") if is_overdue else BodyIncomplete()
            return True
        self._failure = HeadTooSlow("The header fields did not arrive in time")
        return is_overdue and self.received > 0

    def begin_reading(self) -> None:
        """Set the file to its start: from here on `recv` returns what was received."""
        if self._file is not None:
            self._file.seek(0)

    def recv(self, size: int) -> bytes:
        """Return received bytes as a socket would, b"" after the last one; gunicorn's parser reads from here."""
        if self._file is not None:
            piece = self._file.read(size)
        else:
            piece = self._memory[self._read_at : self._read_at + size]
            self._read_at += len(piece)
        if not piece and self._failure is not None:
            raise self._failure
        return piece

    def rest(self) -> bytes:
        """Return the bytes that were not read: the beginning of the next request."""
        if self._file is not None:
            return self._file.read()
        return self._memory[self._read_at :]

    def check(self, reader: object) -> None:
        """Raise BadRequest when gunicorn's parser, whose body reader is given, saw another body than was waited for."""
        if self.is_whole and getattr(reader, "length", None) != self.length:
            raise BadRequest("The framing of the request is ambiguous")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def unchunked(body: Any) -> Any:
    """Return the received chunks as a file, so that faulty ones are refused before the application begins."""
    file = tempfile.SpooledTemporaryFile(max_size=ArrivalLimits.memory_bytes)  # noqa: SIM115 (closed after the request)
    try:
        while piece := body.read(ArrivalLimits.memory_bytes):
            file.write(piece)
    except NoMoreData as failure:
        file.close()
        raise BodyIncomplete from failure
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
