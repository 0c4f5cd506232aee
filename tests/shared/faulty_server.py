"""A small HTTP/1.1 server on loopback that answers, fails, delays or closes connections as a test sets it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

REASONS = {200: "OK", 201: "Created", 204: "No Content", 409: "Conflict", 500: "Error", 503: "Unavailable"}


@dataclass
class Received:
    """One request as it arrived; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Reply:
    """An answer; `hang_up` closes the connection without an answer, `wait_seconds` delays it."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    hang_up: bool = False
    drip_seconds: float = 0.0
    closes_after: bool = False


class FaultyServer:
    """Answers with the queued replies, then with `default`; a thread per connection, keep-alive as real servers do."""

    def __init__(self) -> None:
        self.default: Reply | Callable[[Received], Reply] = Reply()
        self.queue: list[Reply] = []
        self.received: list[Received] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop listening and drop every connection, as a killed process does."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        for thread in list(self._threads):
            thread.join(timeout=5)

    def drop_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
                number = self.connections
            thread = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while (request := _read(stream, number)) is not None:
                    if not self._answer(connection, request):
                        return
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection: socket.socket, request: Received) -> bool:
        with self._lock:
            self.received.append(request)
            reply = self.queue.pop(0) if self.queue else self.default
        if callable(reply):
            reply = reply(request)
        time.sleep(reply.wait_seconds)
        if reply.hang_up:
            return False
        content = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
        kind = "application/problem+json" if reply.status >= 400 else "application/json"
        headers = {"Content-Type": kind, **reply.headers, "Content-Length": str(len(content))}
        lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        if reply.drip_seconds:
            connection.sendall(head)
            for position in range(len(content)):
                connection.sendall(content[position : position + 1])
                time.sleep(reply.drip_seconds)
        else:
            connection.sendall(head + content)
        return not reply.closes_after


def _read(stream: Any, number: int) -> Received | None:
    line = stream.readline().decode().split()
    if len(line) != 3:
        return None
    headers: dict[str, str] = {}
    while (text := stream.readline().decode().strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = _chunks(stream)
    else:
        body = stream.read(int(headers.get("content-length", "0")))
    return Received(line[0], line[1], headers, body, number)


def _chunks(stream: Any) -> bytes:
    body = b""
    while size := int(stream.readline().strip() or b"0", 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
