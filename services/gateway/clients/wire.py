"""A lean HTTP/1.1 client connection: what the hot path needs and nothing else (MEASURED.md, "Gateway hop")."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

CONNECT_SECONDS = 1.0
MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
NO_BODY_STATUSES = frozenset({204, 304})
STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: ([ -~\x80-\xff]*))?")
FIELD_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
Moment = Callable[[], float]
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")


class Malformed(Exception):
    """The upstream's answer does not keep to HTTP/1.1, so nothing after it on the connection can be trusted."""


class HungUp(Exception):
    """The upstream closed the connection; `silent` when not one byte of an answer had arrived."""

    def __init__(self, *, silent: bool) -> None:
        super().__init__("the connection was closed")
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body of known length, in memory or in a temporary file."""

    length: int
    memory: bytes = b""
    file: IO[bytes] | None = None

    def pieces(self) -> Iterator[bytes]:
        """Yield the body from its start; may be called again for a second try."""
        if self.file is None:
            yield self.memory
            return
        self.file.seek(0)
        while piece := self.file.read(4 * READ_BYTES):
            yield piece


class Connection:
    """One kept-alive connection to an upstream; `expires_at` arguments are `time.monotonic()` moments."""

    def __init__(self, host: str, port: int, *, expires_at: float) -> None:
        seconds = max(0.01, min(CONNECT_SECONDS, expires_at - time.monotonic()))
        self._socket = socket.create_connection((host, port), timeout=seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self.idle_since = 0.0

    def close(self) -> None:
        self._socket.close()

    def is_stale(self) -> bool:
        """Return whether the upstream hung up, or spoke out of turn, while the connection was idle."""
        if self._buffer:
            return True
        try:
            self._socket.settimeout(0)
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def send(self, head: bytes, body: Body | None, *, expires_at: float) -> None:
        self._bound(expires_at)
        if body is None or body.file is None:
            self._socket.sendall(head + body.memory if body else head)
            return
        self._socket.sendall(head)
        for piece in body.pieces():
            self._bound(expires_at)
            self._socket.sendall(piece)

    def receive(self, method: str, *, expires_at: float) -> Answer:
        """Return the final answer's head; its body is read through the answer."""
        while True:
            status, reason, keeps_alive, headers = _parse_head(self._read_head(expires_at))
            if status >= 200:
                return Answer(self, method, status, reason, headers, keeps_alive=keeps_alive)

    def _read_head(self, expires_at: float) -> str:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise Malformed("the head is too large")
            self.fill(expires_at)
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        return head

    def fill(self, expires_at: float) -> None:
        """Read what has arrived, at least one byte; raise HungUp at the end of the stream."""
        self._bound(expires_at)
        silent = not self._buffer
        try:
            arrived = self._socket.recv(READ_BYTES)
        except ConnectionError as failure:
            raise HungUp(silent=silent) from failure
        if not arrived:
            raise HungUp(silent=silent)
        self._buffer += arrived

    def take(self, limit: int, expires_at: float) -> bytes:
        """Return 1 to `limit` bytes of the body."""
        if not self._buffer:
            self.fill(expires_at)
        taken = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        return taken

    def take_line(self, expires_at: float) -> bytes:
        """Return one line of the chunked coding, without its line break."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise Malformed("a chunk's size line is too long")
            self.fill(expires_at)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _bound(self, expires_at: float) -> None:
        seconds = expires_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        self._socket.settimeout(seconds)


class Answer:
    """An upstream's answer; `is_complete` once the body was read to its end."""

    def __init__(
        self,
        connection: Connection,
        method: str,
        status: int,
        reason: str,
        headers: list[tuple[str, str]],
        *,
        keeps_alive: bool,
    ) -> None:
        self.connection = connection
        self.status = status
        self.reason = reason
        self.headers = headers
        self.length, self.is_chunked = _framing(headers)
        if method == "HEAD" or status in NO_BODY_STATUSES:
            self.length, self.is_chunked = 0, False
        self.keeps_alive = keeps_alive and (self.length is not None or self.is_chunked)
        self.is_complete = self.length == 0

    def header(self, name: str) -> str:
        """Return the value of the field `name` (lower case), empty when absent."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def read(self, *, expires_at: float) -> bytes:
        return b"".join(self.pieces(expires_at=expires_at))

    def pieces(self, *, expires_at: float, idle_seconds: float | None = None) -> Iterator[bytes]:
        """Yield the body as it arrives; with `idle_seconds` each wait has its own limit instead of one for all."""
        wait: Moment = lambda: expires_at if idle_seconds is None else time.monotonic() + idle_seconds  # noqa: E731
        if self.is_chunked:
            while size := self._chunk_size(wait()):
                yield from self._exactly(size, wait)
                if self.connection.take_line(wait()):
                    raise Malformed("a chunk is longer than it says")
            while self.connection.take_line(wait()):
                pass
        elif self.length is not None:
            yield from self._exactly(self.length, wait)
        else:
            yield from self._to_the_end(wait)
        self.is_complete = True

    def _chunk_size(self, expires_at: float) -> int:
        match = CHUNK_LINE.fullmatch(self.connection.take_line(expires_at))
        if match is None:
            raise Malformed("a chunk has no size")
        return int(match[1], 16)

    def _exactly(self, size: int, wait: Moment) -> Iterator[bytes]:
        while size:
            piece = self.connection.take(size, wait())
            size -= len(piece)
            yield piece

    def _to_the_end(self, wait: Moment) -> Iterator[bytes]:
        while True:
            try:
                yield self.connection.take(READ_BYTES, wait())
            except HungUp:
                return


def _parse_head(head: str) -> tuple[int, str, bool, list[tuple[str, str]]]:
    first, *lines = head.split("\r\n")
    status_line = STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise Malformed("the status line is not HTTP/1.1")
    headers = []
    keeps_alive = status_line[1] == "1"
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if field is None:
            raise Malformed("a header field is not HTTP/1.1")
        name, value = field[1], field[2]
        if name.lower() == "connection" and "close" in value.lower():
            keeps_alive = False
        headers.append((name, value))
    return int(status_line[2]), status_line[3] or "", keeps_alive, headers


def _framing(headers: list[tuple[str, str]]) -> tuple[int | None, bool]:
    """Return the body's length (None: to the end of the stream) and whether it is chunked; refuse what is ambiguous."""
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    codings = [value.lower() for name, value in headers if name.lower() == "transfer-encoding"]
    if codings:
        if codings != ["chunked"] or lengths:
            raise Malformed("the framing is ambiguous")
        return None, True
    if not lengths:
        return None, False
    (length, *others) = lengths
    if others or not length.isdecimal():
        raise Malformed("the length is ambiguous")
    return int(length), False
