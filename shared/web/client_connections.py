"""Connections of clients as the worker's loop sees them, and which of them are closed when there are too many."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from gunicorn.http import get_parser

from shared.base.addresses import client_address, network_of
from shared.web.arrivals import Arrival, ArrivalLimits
from shared.web.outlet import Outlet

SLOW_SECONDS = 2.0
LINGER_SECONDS = 2.0
LINGER_BYTES = 64 * 1024


class Phase(Enum):
    """What the loop does with a connection; SERVED ones belong to a thread."""

    RECEIVING = auto()
    SERVED = auto()
    SENDING = auto()
    LINGERING = auto()


class ClientConnection:
    """
    A client's connection. The loop receives a request and sends what a thread could not; a thread does all between.

    The attributes up to `parser` are those that gunicorn's ThreadWorker uses.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any, cfg: Any, limits: ArrivalLimits) -> None:
        sock.setblocking(False)
        self.raw = sock
        self.sock = Outlet(sock, server)
        self.client = client
        self.server = server
        self.initialized = self.data_ready = True
        self.is_http2 = False
        self.parser = get_parser(cfg, self, client)
        self.arrival = Arrival(limits)
        self.phase = Phase.RECEIVING
        self.keeps_alive = True
        self._limits = limits
        self._until: float = time.monotonic() + cfg.keepalive
        self._lingered = 0
        self.address = network_of(client[0]) if isinstance(client, tuple) else ""

    def init(self) -> None:
        """Do nothing: the parser is made with the connection."""

    def recv(self, size: int) -> bytes:
        return self.arrival.recv(size)

    @property
    def is_idle(self) -> bool:
        """Whether the client has sent nothing of a request yet."""
        return self.phase is Phase.RECEIVING and not self.arrival.received

    @property
    def due_at(self) -> float:
        if self.phase is Phase.SENDING:
            return self.sock.due_at
        if self.phase is Phase.RECEIVING and self.arrival.received:
            return self.arrival.due_at
        return self._until

    @property
    def file_bytes(self) -> int:
        """The bytes of temporary files that its request and its response take."""
        return self.arrival.file_bytes + self.sock.file_bytes

    def is_slow(self, now: float) -> bool:
        """Return whether the client takes its time with a request or a response."""
        if self.phase is Phase.SENDING:
            return now - self.sock.started_at > SLOW_SECONDS
        return self.phase is Phase.RECEIVING and self.arrival.is_slow(now, SLOW_SECONDS)

    def count_by_forwarded(self, trusted: Sequence[str]) -> None:
        """Count this connection by the address that a trusted proxy names, not by that of the proxy."""
        if isinstance(self.client, tuple):
            self.address = network_of(client_address(self.client[0], self.arrival.forwarded_for(), trusted))

    def expect_next(self, idle_seconds: float) -> bytes:
        """Prepare for the next request, and return the bytes of it that came with the one before."""
        rest: bytes = self.parser.unreader.take_buffered() + self.arrival.rest()
        self.arrival.close()
        self.arrival = Arrival(self._limits)
        self.phase = Phase.RECEIVING
        self._until = time.monotonic() + idle_seconds
        return rest

    def end_idling(self, latest: float) -> None:
        """Limit the wait for the first byte of a request to the moment `latest`."""
        self._until = min(self._until, latest)

    def begin_lingering(self) -> bool:
        """
        End the sending side, and return whether the client is waited for.

        When a connection with unread bytes is closed, the client may lose the end of its answer.
        """
        self.phase = Phase.LINGERING
        self._until = time.monotonic() + LINGER_SECONDS
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True

    def discard(self, piece: bytes) -> bool:
        """Return whether more is read of what a client sends after its last answer."""
        self._lingered += len(piece)
        return bool(piece) and self._lingered < LINGER_BYTES

    def close(self, graceful: bool = False) -> None:
        self.arrival.close()
        self.sock.close()


class Crowd:
    """The connections that wait in the loop for their clients, in the order in which they began to wait."""

    def __init__(self, share: int) -> None:
        self._share = share
        self._waiting: dict[ClientConnection, None] = {}

    def __contains__(self, connection: ClientConnection) -> bool:
        return connection in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, connection: ClientConnection) -> None:
        self._waiting[connection] = None

    def remove(self, connection: ClientConnection) -> None:
        self._waiting.pop(connection, None)

    def overdue(self, now: float) -> list[ClientConnection]:
        return [each for each in self._waiting if now >= each.due_at]

    def idle(self) -> list[ClientConnection]:
        return [each for each in self._waiting if each.is_idle]

    def beyond_share(self, now: float) -> list[ClientConnection]:
        """Return the slow connections of each address beyond its share, the longest waiting ones."""
        slow = [each for each in self._waiting if each.is_slow(now)]
        excess = Counter(each.address for each in slow)
        found = []
        for each in slow:
            if excess[each.address] > self._share:
                excess[each.address] -= 1
                found.append(each)
        return found

    def beyond_files(self, limit: int) -> list[ClientConnection]:
        """Return the connections to close until all take at most `limit` bytes of files, largest address first."""
        sizes: Counter[str] = Counter()
        for each in self._waiting:
            sizes[each.address] += each.file_bytes
        found: list[ClientConnection] = []
        for address, _ in sizes.most_common():
            for each in self._waiting:
                if sizes.total() <= limit:
                    return found
                if each.address == address and each.file_bytes:
                    sizes[address] -= each.file_bytes
                    found.append(each)
        return found

    def longest_of_largest(self) -> ClientConnection | None:
        """Return the connection to close when there is no place: the longest waiting one of the address with most."""
        counts = Counter(each.address for each in self._waiting)
        if not counts:
            return None
        address = counts.most_common(1)[0][0]
        return next(each for each in self._waiting if each.address == address)
