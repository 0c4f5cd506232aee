"""A workload under gunicorn as it is deployed, and clients that speak to it byte by byte, fast or slow."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.ports import free_port

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def served(application: str, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run gunicorn with `application` until the end of the block; yield its port and its process."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:shared.web.gunicorn", application]
    given = os.environ | {"BIND": f"127.0.0.1:{port}"} | environment
    process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.DEVNULL)
    try:
        await_port(port, process)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + 40
    while time.monotonic() < give_up_at and process.poll() is None:
        with contextlib.suppress(OSError), contextlib.closing(Client(port, timeout=5)) as client:
            client.get("/health/live")
            return
        time.sleep(0.05)
    raise AssertionError("the workload did not start")


class Client:
    """Sends bytes and reads whole answers."""

    def __init__(self, port: int, *, timeout: float = 30, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=(source, 0))
        self.reader = self.socket.makefile("rb")
        self.head = b""

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def read(self) -> tuple[int, bytes]:
        line = self.reader.readline()
        if not line:
            raise ConnectionResetError("The server closed the connection without an answer")
        self.head = b""
        while (field := self.reader.readline()) not in (b"\r\n", b""):
            self.head += field
        length = re.search(rb"(?i)content-length: (\d+)", self.head)
        return int(line.split()[1]), self.reader.read(int(length[1])) if length else self.reader.read()

    def get(self, path: str, fields: str = "") -> tuple[int, bytes]:
        self.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
        return self.read()

    def is_closed(self) -> bool:
        return self.reader.read(1) == b""

    def close(self) -> None:
        self.reader.close()
        self.socket.close()


DRIPS = {
    "chunked body": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "body": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", b"a"),
    "head": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"a"),
    "nothing": (b"", b""),
}


def is_answered(connection: socket.socket) -> bool:
    """Return whether the server has answered or closed the connection."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))


@contextlib.contextmanager
def dripping(port: int, count: int, kind: str, *, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """Hold `count` connections that send the bytes of `kind` one drip at a time; each closed one connects again."""
    start, drip = DRIPS[kind]
    is_over = threading.Event()

    def connect() -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
        connection.sendall(start)
        return connection

    crowd = [connect() for _ in range(count)]

    def go_on() -> None:
        while not is_over.wait(0.3):
            for at, connection in enumerate(crowd):
                with contextlib.suppress(OSError):
                    if is_answered(connection):
                        connection.close()
                        crowd[at] = connect()
                    else:
                        connection.sendall(drip)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield crowd
    finally:
        is_over.set()
        thread.join()
        for connection in crowd:
            connection.close()


def slowest(ask: Callable[[], object], *, seconds: float) -> float:
    """Repeat `ask` for `seconds` and return how long the longest took."""
    longest = 0.0
    ends_at = time.monotonic() + seconds
    while (started := time.monotonic()) < ends_at:
        ask()
        longest = max(longest, time.monotonic() - started)
        time.sleep(0.05)
    return longest
