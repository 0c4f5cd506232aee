"""What a client does not read at once is kept within the bytes that a response may take."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from shared.web.outlet import MEMORY_BYTES, MOST_KEPT_BYTES, PIECE_BYTES, Outlet

PIECE = b"x" * PIECE_BYTES


@pytest.fixture
def pair() -> Iterator[tuple[Outlet, socket.socket]]:
    server, client = socket.socketpair()
    server.setblocking(False)
    outlet = Outlet(server)
    yield outlet, client
    outlet.close()
    client.close()


def test_the_file_of_a_response_that_is_read_while_it_is_written_has_a_limit(pair):
    """The client reads as much as is written, a few pieces behind; without a new piece it reads one in 50 ms."""
    outlet, client = pair
    count, received, written = 4 * MOST_KEPT_BYTES // PIECE_BYTES, 0, threading.Semaphore(0)

    def read() -> None:
        nonlocal received
        while received < count * PIECE_BYTES:
            written.acquire(timeout=0.05)
            received += len(client.recv(PIECE_BYTES, socket.MSG_WAITALL))

    for _ in range(8):
        outlet.sendall(PIECE)
    reading = threading.Thread(target=read)
    reading.start()
    largest = 0
    for _ in range(count - 8):
        outlet.sendall(PIECE)
        written.release()
        largest = max(largest, outlet.file_bytes)
    while not outlet.flush():
        pass
    reading.join()

    assert received == count * PIECE_BYTES
    assert largest <= MOST_KEPT_BYTES + PIECE_BYTES
    assert outlet.file_bytes == 0


def test_the_file_counts_once_what_is_kept_is_no_longer_in_memory(pair):
    outlet, _ = pair
    while not outlet.has_kept:
        outlet.sendall(b"x" * 1000)
    assert outlet.file_bytes == 0

    outlet.sendall(PIECE)

    assert outlet.file_bytes > max(MEMORY_BYTES, len(PIECE) - 1)
