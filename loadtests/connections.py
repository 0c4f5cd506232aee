"""Many connections from one thread: prepared requests over an event loop, cheap beside the platform it measures."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def prepared(method: str, path: str, headers: Mapping[str, str], body: object = None) -> bytes:
    """Return a whole HTTP request."""
    content = b"" if body is None else orjson.dumps(body)
    fields = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass(frozen=True, slots=True)
class Answered:
    """One response: its status, its latency in seconds, and whether it names a Retry-After."""

    status: int
    seconds: float
    has_retry_after: bool
    body: bytes


@dataclass
class Measured:
    """All responses of a run that took `seconds`."""

    seconds: float = 0.0
    answers: list[Answered] = field(default_factory=list)
    broken: int = 0

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    def rate(self, *statuses: int) -> float:
        """Return the responses per second with one of `statuses`."""
        return sum(self.statuses[status] for status in statuses) / self.seconds

    def latency(self, share: float, *statuses: int) -> float:
        """Return a percentile of the latencies with one of `statuses`, in milliseconds; 0 when there is none."""
        found = sorted(answer.seconds for answer in self.answers if answer.status in statuses)
        return 1000 * found[min(len(found) - 1, int(share * len(found)))] if found else 0.0


class _Line:
    """One connection that has at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.buffer, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> Answered | None:
        """Return the response once it is whole; raise ConnectionError when the connection was closed before."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionResetError
        self.buffer += piece
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not separator or (length and len(body) < int(length[1])):
            return None
        seconds = time.perf_counter() - self.sent_at
        return Answered(int(head[9:12]), seconds, b"\r\nretry-after:" in head.lower(), body)


class _Run:
    """The connections of one measurement: those that wait for a response, and those that pause."""

    def __init__(self, lines: list[_Line], request: Callable[[int], bytes | None], pause: float) -> None:
        self.measured = Measured()
        self._request, self._pause = request, pause
        self._idle = deque((0.0, line) for line in lines)
        self._selector = selectors.DefaultSelector()
        self._sent = 0
        self._busy = 0

    def send(self) -> bool:
        """Send on the connections whose pause is over; return False when all is done."""
        while self._idle and self._idle[0][0] <= time.perf_counter():
            _, line = self._idle.popleft()
            wanted = self._request(self._sent)
            if wanted is not None:
                self._sent += 1
                self._busy += 1
                line.send(wanted)
                self._selector.register(line.socket, selectors.EVENT_READ, line)
        return bool(self._idle or self._busy)

    def receive(self) -> None:
        """Wait for responses, at most until the next pause is over."""
        wait = max(0.0, self._idle[0][0] - time.perf_counter()) if self._idle else 5.0
        for key, _ in self._selector.select(wait):
            line = key.data
            try:
                answered = line.receive()
            except ConnectionError:
                self.measured.broken += 1
            else:
                if answered is None:
                    continue
                self.measured.answers.append(answered)
                self._idle.append((time.perf_counter() + self._pause, line))
            self._selector.unregister(line.socket)
            self._busy -= 1


def run(
    address: tuple[str, int], connections: int, request: Callable[[int], bytes | None], *, pause: float = 0.0
) -> Measured:
    """
    Keep `connections` busy until `request(number)` returns None, and return what came back.

    `pause` is the time that each connection stays idle after a response, so that a refused client does not spin.
    """
    lines = [_Line(address) for _ in range(connections)]
    current = _Run(lines, request, pause)
    started_at = time.perf_counter()
    while current.send():
        current.receive()
    current.measured.seconds = time.perf_counter() - started_at
    for line in lines:
        line.socket.close()
    return current.measured


def for_seconds(seconds: float, request: bytes) -> Callable[[int], bytes | None]:
    """Return what gives `request` again and again for `seconds`."""
    ends_at = time.perf_counter() + seconds
    return lambda _: request if time.perf_counter() < ends_at else None
