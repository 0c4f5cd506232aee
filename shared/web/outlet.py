"""The sending side of a client's connection: a thread never waits for a client that does not read its answer."""

from __future__ import annotations

import select
import socket
import tempfile
import time
from typing import IO

RESPONSE_SECONDS = 10.0
RESPONSE_BYTES_PER_SECOND = 64 * 1024
MEMORY_BYTES = 64 * 1024
MOST_KEPT_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 256 * 1024
_HEAD = b"HTTP/1."
_KEEP_ALIVE = b"\r\nConnection: keep-alive\r\n"
_LONGEST_HELD_HEAD = 16 * 1024


class Outlet:
    """
    Sends what the connection takes at once and keeps the rest, in memory or in a file, for the worker's loop.

    A response's head waits for the first piece of its body, so that most responses are one segment. gunicorn's response
    and error classes use it as their socket; `name` is the server's address. `has_promised_more` says whether the last
    head let the client send another request.
    """

    def __init__(self, connection: socket.socket, name: object = None) -> None:
        self._connection = connection
        self.name = name
        self.has_promised_more = False
        self._head = b""
        self._kept: IO[bytes] | None = None
        self._kept_from = self._kept_to = 0
        self._started_at = self._last_at = 0.0
        self._sent = 0

    @property
    def has_kept(self) -> bool:
        return self._kept_from < self._kept_to

    @property
    def file_bytes(self) -> int:
        """The size of the temporary file of what is kept."""
        return self._kept_to if self._kept_to > MEMORY_BYTES and self._kept is not None else 0

    @property
    def due_at(self) -> float:
        """The moment by which more must have been read: a least rate, and no longer pause than ten seconds."""
        earned = RESPONSE_SECONDS + self._sent / RESPONSE_BYTES_PER_SECOND
        return min(self._last_at + RESPONSE_SECONDS, self._started_at + earned)

    @property
    def started_at(self) -> float:
        return self._started_at

    def sendall(self, data: bytes) -> None:
        if not self._head and data.startswith(_HEAD) and len(data) <= _LONGEST_HELD_HEAD:
            self._head = data
            self.has_promised_more = _KEEP_ALIVE in data
            return
        if self._head:
            data, self._head = self._head + data, b""
        self._send(data)

    send = sendall

    def finish(self) -> None:
        """Send a head that no body followed."""
        if self._head:
            data, self._head = self._head, b""
            self._send(data)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        file.seek(offset)
        left = count
        while piece := file.read(PIECE_BYTES if left is None else min(PIECE_BYTES, left)):
            self.sendall(piece)
            left = None if left is None else left - len(piece)

    def _send(self, data: bytes) -> None:
        taken = 0
        if not self.has_kept or self.flush():
            taken = self._take(data)
        if taken < len(data):
            self._keep(data[taken:])

    def _take(self, data: bytes) -> int:
        """Send what the connection takes now, and return how much that was."""
        try:
            return self._connection.send(data)
        except BlockingIOError:
            return 0

    def _keep(self, rest: bytes) -> None:
        if self._kept is None:
            self._kept = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 (closed by `close`)
        if not self.has_kept:
            self._kept_from = self._kept_to = 0
            self._started_at = self._last_at = time.monotonic()
            self._sent = 0
        self._kept.seek(self._kept_to)
        self._kept.write(rest)
        self._kept_to += len(rest)
        if self._kept_to > MOST_KEPT_BYTES:  # a file that is read and written at once never gets shorter
            while self.has_kept:
                self._wait()

    def _wait(self) -> None:
        """Wait in the thread until the client takes more of a very large response."""
        left = self.due_at - time.monotonic()
        if left <= 0:
            raise BrokenPipeError("The client does not read its response")
        waiting = select.poll()
        waiting.register(self._connection, select.POLLOUT)
        waiting.poll(left * 1000)
        self.flush()

    def flush(self) -> bool:
        """Send what was kept as far as the connection takes it, and return whether all of it was sent."""
        while self._kept is not None and self.has_kept:
            self._kept.seek(self._kept_from)
            taken = self._take(self._kept.read(min(PIECE_BYTES, self._kept_to - self._kept_from)))
            if not taken:
                return False
            self._kept_from += taken
            self._sent += taken
            self._last_at = time.monotonic()
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        return True

    def setblocking(self, is_blocking: bool) -> None:
        """Do nothing: the connection never blocks."""

    settimeout = setblocking

    def gettimeout(self) -> float:
        return 0.0

    def recv(self, size: int) -> bytes:
        """Return b"": requests are received by the loop."""
        return b""

    def fileno(self) -> int:
        return self._connection.fileno()

    def shutdown(self, how: int) -> None:
        self._connection.shutdown(how)

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        self._connection.close()
