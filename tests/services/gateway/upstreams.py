"""A tiny upstream server on the loopback: records what arrives byte for byte, and answers as a test says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it stood on the wire; header names are lower case."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    on_connection: int

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


def answer(
    body: Any = None, *, status: str = "200 OK", content_type: str = "application/json", extra: str = ""
) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}\r\n{extra}\r\n"
    return head.encode() + content


Respond = Callable[[socket.socket, Received], bytes | None]


def echo(_: socket.socket, request: Received) -> bytes:
    return answer({"method": request.method, "target": request.target})


@dataclass
class FakeUpstream:
    """Serves until closed; `respond` returns the bytes of an answer, or None to close the connection silently."""

    respond: Respond = echo
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> Received:
        return self.received[-1]

    def close(self) -> None:
        with _ignoring_closed():
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        for connection in self._open:
            with _ignoring_closed():
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with _ignoring_closed(), connection, connection.makefile("rb") as reader:
            while request := self._read(reader, number):
                self.received.append(request)
                reply = self.respond(connection, request)
                if reply is None:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                connection.sendall(reply)

    @staticmethod
    def _read(reader: Any, number: int) -> Received | None:
        first = reader.readline().decode("latin-1").strip()
        if not first:
            return None
        method, target, _ = first.split(" ")
        headers = []
        while line := reader.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        length = int(dict(headers).get("content-length", 0))
        return Received(method, target, headers, reader.read(length), number)


class _ignoring_closed:  # noqa: N801 (reads as a statement)
    """The other side may be gone already; that is what these tests are about."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, _: object) -> bool:
        return isinstance(failure, (OSError, ValueError))
