"""A process that stops finishes what began, refuses what comes later, and loses nothing in between."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.served import Client, served
from tests.tools.platform import eventually

TINY = "tests.tools.tiny.app:create_app()"
SLOW = b"GET /slow?seconds=1.5 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def server() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with served(TINY, WEB_THREADS="8", WEB_GRACEFUL_SECONDS="10") as server:
        yield server


def is_refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class TestStop:
    def test_finishes_what_began_and_closes_its_listener_at_once(self, server):
        port, process = server
        with contextlib.closing(Client(port)) as client:
            client.send(SLOW)
            time.sleep(0.3)
            process.terminate()

            assert eventually(lambda: is_refused(port), 1)
            assert client.read()[0] == 200
            assert b"Connection: close" in client.head
        assert process.wait(5) == 0

    def test_finishes_a_request_that_is_arriving(self, server):
        port, process = server
        with contextlib.closing(Client(port)) as client:
            client.send(b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc")
            time.sleep(0.3)
            process.terminate()
            time.sleep(0.5)
            client.send(b"def")

            assert client.read() == (200, b'{"length":6}\n')
            assert b"Connection: close" in client.head

    def test_answers_a_request_on_a_kept_connection_and_says_that_it_closes(self, server):
        port, process = server
        with contextlib.closing(Client(port)) as client:
            assert client.get("/health/live")[0] == 200
            assert b"Connection: keep-alive" in client.head
            process.terminate()
            time.sleep(0.5)

            assert client.get("/health/live")[0] == 200
            assert b"Connection: close" in client.head
            assert client.is_closed()

    def test_answers_connections_that_it_had_not_accepted_yet(self, server):
        """The worker is frozen while 50 connect: their connections are established, and wait in the queue."""
        port, process = server
        worker = int(subprocess.check_output(["pgrep", "-P", str(process.pid)]).split()[0])
        os.kill(worker, signal.SIGSTOP)
        with contextlib.ExitStack() as leaving:
            clients = [leaving.enter_context(contextlib.closing(Client(port))) for _ in range(50)]
            for client in clients:
                client.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            process.terminate()
            time.sleep(0.3)
            os.kill(worker, signal.SIGCONT)

            assert Counter(client.read()[0] for client in clients) == {200: 50}

    def test_does_not_wait_for_idle_connections(self, server):
        port, process = server
        with contextlib.closing(Client(port)) as client:
            assert client.get("/health/live")[0] == 200
            started_at = time.monotonic()
            process.terminate()

            assert process.wait(5) == 0
            assert time.monotonic() - started_at < 4


class TestRollingRestart:
    @pytest.mark.parametrize("keeps", [True, False], ids=["kept connections", "a connection per request"])
    def test_loses_no_request(self, server, keeps):
        """SIGHUP replaces the worker; its listener stays open in the arbiter."""
        port, process = server
        outcomes: Counter[str] = Counter()
        is_over = threading.Event()

        def load() -> None:
            client = Client(port)
            while not is_over.is_set():
                try:
                    outcomes[str(client.get("/health/live")[0])] += 1
                except OSError as failure:
                    outcomes[repr(failure)] += 1
                    is_over.set()
                if not keeps or b"Connection: close" in client.head:
                    client.close()
                    client = Client(port)
            client.close()

        threads = [threading.Thread(target=load) for _ in range(6)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            is_over.wait(2)
            process.send_signal(signal.SIGHUP)
        is_over.wait(3)
        is_over.set()
        for thread in threads:
            thread.join()

        assert set(outcomes) == {"200"}
