"""
A lean HTTP/1.1 client connection: what calls between our processes need and nothing else (docs/adr/0022).

`expires_at` arguments are `time.monotonic()` moments. Every socket operation is bounded by one, so that an upstream
that sends one byte at a time cannot hold a call for longer.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from shared.calls.failures import ConnectionBroken, MalformedResponse

Headers = list[tuple[str, str]]
Moment = Callable[[], float]

MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
NO_BODY_STATUSES = frozenset({204, 304})
STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [ -~\x80-\xff]*)?")
FIELD_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")
LINE_BREAKING = re.compile(r"[\r\n\0]")


def header_lines(headers: Mapping[str, str]) -> str:
    """Return the header fields as they are sent; raise ValueError for one that would end its line early."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if LINE_BREAKING.search("".join(lines)):
        raise ValueError("A header field holds a line break")
    return "".join(f"{line}\r\n" for line in lines)


def header(headers: Headers, name: str) -> str:
    """Return the value of the first field `name` (lower case), empty when absent."""
    return next((value for key, value in headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body, in memory or in a file; `length` in bytes, None where a stream does not know its own."""

    length: int | None
    memory: bytes = b""
    file: IO[bytes] | None = None

    @property
    def can_rewind(self) -> bool:
        return self.length is not None

    def framing(self) -> str:
        """Return the header line that says where the body ends."""
        return "Transfer-Encoding: chunked\r\n" if self.length is None else f"Content-Length: {self.length}\r\n"

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, from its start where it can rewind."""
        if self.file is None:
            yield self.memory
            return
        if self.can_rewind:
            self.file.seek(0)
        while piece := self.file.read(4 * READ_BYTES):
            yield piece


class Connection:
    """One kept-alive connection to an upstream; raises OSError (TimeoutError, too) when it cannot be opened."""

    def __init__(self, host: str, port: int, *, seconds: float, tls: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection((host, port), timeout=seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname=host)
        self._arrivals = select.poll()
        self._arrivals.register(self._socket, select.POLLIN)
        self._buffer = bytearray()
        self.idle_since = 0.0

    def close(self) -> None:
        self._socket.close()

    def is_stale(self) -> bool:
        """Return True when the upstream closed the connection, or sent something, while it was idle."""
        return bool(self._buffer or self._arrivals.poll(0))

    def send(self, head: bytes, body: Body | None, *, expires_at: float) -> None:
        self._limit(expires_at)
        if body is None or (body.file is None and len(body.memory) <= READ_BYTES):
            self._socket.sendall(head + body.memory if body else head)
            return
        self._socket.sendall(head)
        for piece in body.pieces():
            self._limit(expires_at)
            self._socket.sendall(piece if body.can_rewind else b"%x\r\n%b\r\n" % (len(piece), piece))
        if not body.can_rewind:
            self._socket.sendall(b"0\r\n\r\n")

    def receive(self, method: str, *, expires_at: float) -> IncomingResponse:
        """Return the head of the final response; its body is read through the returned value."""
        while True:
            status, keeps_alive, headers = _parse_head(self._read_head(expires_at))
            if status >= 200:
                return IncomingResponse(self, method, status, headers, keeps_alive=keeps_alive)

    def _read_head(self, expires_at: float) -> str:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise MalformedResponse("the head is too large")
            self.fill(expires_at)
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        return head

    def fill(self, expires_at: float) -> None:
        """Read what has arrived, at least one byte; raise ConnectionBroken at the end of the stream."""
        self._limit(expires_at)
        is_before_response = not self._buffer
        try:
            arrived = self._socket.recv(READ_BYTES)
        except (ConnectionError, ssl.SSLEOFError) as failure:
            raise ConnectionBroken(is_before_response=is_before_response) from failure
        if not arrived:
            raise ConnectionBroken(is_before_response=is_before_response)
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
                raise MalformedResponse("a chunk's size line is too long")
            self.fill(expires_at)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _limit(self, expires_at: float) -> None:
        seconds = expires_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        self._socket.settimeout(seconds)


class IncomingResponse:
    """A response whose body is still on its connection; `is_complete` once the body was read to its end."""

    def __init__(
        self, connection: Connection, method: str, status: int, headers: Headers, *, keeps_alive: bool
    ) -> None:
        self.connection = connection
        self.status = status
        self.headers = headers
        self.length, self.is_chunked = _framing(headers)
        if method == "HEAD" or status in NO_BODY_STATUSES:
            self.length, self.is_chunked = 0, False
        self.keeps_alive = keeps_alive and (self.length is not None or self.is_chunked)
        self.is_complete = self.length == 0

    def read(self, *, expires_at: float, limit: int) -> bytes:
        """Return the whole body; raise MalformedResponse when it is longer than `limit` bytes."""
        pieces: list[bytes] = []
        size = 0
        for piece in self.pieces(expires_at=expires_at):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise MalformedResponse(f"the body is longer than {limit} bytes")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def pieces(self, *, expires_at: float, idle_seconds: float | None = None) -> Iterator[bytes]:
        """Yield the body as it arrives; with `idle_seconds` each wait has its own limit instead of one for all."""
        wait: Moment = lambda: expires_at if idle_seconds is None else time.monotonic() + idle_seconds  # noqa: E731
        if self.is_chunked:
            while size := self._chunk_size(wait()):
                yield from self._exactly(size, wait)
                if self.connection.take_line(wait()):
                    raise MalformedResponse("a chunk is longer than it says")
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
            raise MalformedResponse("a chunk has no size")
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
            except ConnectionBroken:
                return


def _parse_head(head: str) -> tuple[int, bool, Headers]:
    """Return the status, whether the connection stays open, and the header fields."""
    first, *lines = head.split("\r\n")
    status_line = STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise MalformedResponse("the status line is not HTTP/1.1")
    headers = []
    keeps_alive = status_line[1] == "1"
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if field is None:
            raise MalformedResponse("a header field is not HTTP/1.1")
        name, value = field[1], field[2]
        if name.lower() == "connection" and "close" in value.lower():
            keeps_alive = False
        headers.append((name, value))
    return int(status_line[2]), keeps_alive, headers


def _framing(headers: Headers) -> tuple[int | None, bool]:
    """Return the body's length (None: to the end of the stream) and whether it is chunked; refuse what is ambiguous."""
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    codings = [value.lower() for name, value in headers if name.lower() == "transfer-encoding"]
    if codings:
        if codings != ["chunked"] or lengths:
            raise MalformedResponse("the framing is ambiguous")
        return None, True
    if not lengths:
        return None, False
    (length, *others) = lengths
    if others or not length.isdecimal():
        raise MalformedResponse("the length is ambiguous")
    return int(length), False
