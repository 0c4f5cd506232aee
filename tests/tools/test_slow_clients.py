"""Threads serve whole requests: clients that send or read slowly hold up no other client."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

import pytest

from tests.served import DRIPS, Client, dripping, is_answered, served, slowest
from tests.tools.tiny.app import LARGE_BYTES

TINY = "tests.tools.tiny.app:create_app()"
THREADS = 4
HURRIED = {"HEAD_SECONDS": "4", "BODY_SECONDS": "4", "BODY_IDLE_SECONDS": "1", "WEB_SLOW_SHARE": "8"}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with the limits of production."""
    with served(TINY, WEB_THREADS=str(THREADS)) as (port, _):
        yield port


@pytest.fixture(scope="module")
def hurried() -> Iterator[int]:
    """A server whose clients have four seconds, and eight slow connections per address."""
    with served(TINY, WEB_THREADS=str(THREADS), **HURRIED) as (port, _):
        yield port


def ask(port: int, source: str = "127.0.0.1") -> None:
    with contextlib.closing(Client(port, timeout=5, source=source)) as client:
        assert client.get("/health/live")[0] == 200


def upload(port: int, body: bytes, *, pause: float, source: str = "127.0.0.1") -> tuple[int, bytes]:
    """Send a body in pieces with pauses between them."""
    with contextlib.closing(Client(port, source=source)) as client:
        client.send(f"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        step = max(len(body) // 10, 1)
        for at in range(0, len(body), step):
            client.send(body[at : at + step])
            time.sleep(pause)
        return client.read()


class TestOthers:
    @pytest.mark.parametrize("kind", DRIPS)
    def test_are_answered_within_two_seconds_beside_500_slow_connections(self, port, kind):
        with dripping(port, 500, kind):
            assert slowest(lambda: ask(port), seconds=4) < 2

    def test_are_answered_when_every_place_is_taken(self, port):
        with dripping(port, 1200, "nothing"):
            assert slowest(lambda: ask(port), seconds=2) < 2

    def test_are_answered_beside_clients_that_do_not_read(self, port):
        with contextlib.ExitStack() as leaving:
            for _ in range(5 * THREADS):
                client = leaving.enter_context(contextlib.closing(Client(port)))
                client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")

            assert slowest(lambda: ask(port), seconds=3) < 2

    def test_of_another_address_keep_their_slow_connections(self, hurried):
        with dripping(hurried, 40, "chunked body", source="127.0.0.2"):
            time.sleep(2.5)

            assert upload(hurried, b"x" * 1000, pause=0.15, source="127.0.0.3")[0] == 200


class TestSlowClients:
    @pytest.mark.parametrize("kind", ["chunked body", "body", "head"])
    def test_are_refused_when_the_time_is_over_however_often_they_drip(self, hurried, kind):
        start, drip = DRIPS[kind]
        with contextlib.closing(Client(hurried)) as client:
            started_at = time.monotonic()
            client.send(start)
            client.socket.settimeout(0.2)
            while time.monotonic() - started_at < 10:
                client.send(drip)
                with contextlib.suppress(TimeoutError):
                    assert client.socket.recv(12) == b"HTTP/1.1 408"
                    break
            assert 3 < time.monotonic() - started_at < 7

    def test_of_one_address_have_a_share(self, hurried):
        with contextlib.ExitStack() as leaving:
            crowd = [leaving.enter_context(contextlib.closing(Client(hurried))) for _ in range(20)]
            start, _ = DRIPS["head"]
            for client in crowd:
                client.send(start)
            assert [client.reader.read(12) for client in crowd].count(b"HTTP/1.1 408") <= 8

    def test_with_a_steady_rate_have_all_the_time_they_need(self, hurried):
        """500,000 bytes in six seconds are faster than the least rate, and longer than `BODY_SECONDS`."""
        status, body = upload(hurried, b"x" * 500_000, pause=0.6)

        assert (status, json.loads(body)) == (200, {"length": 500_000})

    def test_read_a_large_answer_whole(self, port):
        with contextlib.closing(Client(port)) as client:
            client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(1)
            status, body = client.read()

            assert (status, len(body)) == (200, LARGE_BYTES)
            assert client.get("/health/live")[0] == 200

    def test_that_stop_reading_are_closed(self, port):
        with contextlib.closing(Client(port)) as client:
            client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(12)

            received = 0
            with contextlib.suppress(ConnectionResetError):
                while piece := client.socket.recv(1_000_000):
                    received += len(piece)
            assert 0 < received < LARGE_BYTES


class TestFiles:
    def test_of_bodies_have_a_limit_together(self):
        """Ten uploads of 3 MB at once may take 10 MB: some are given up, and the server goes on."""
        with served(TINY, WEB_FILE_BYTES="10000000") as (port, _), contextlib.ExitStack() as leaving:
            clients = [leaving.enter_context(contextlib.closing(Client(port))) for _ in range(10)]
            for client in clients:
                client.send(b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n")
                client.send(b"x" * 3_000_000)
            time.sleep(1)

            assert 1 <= [is_answered(client.socket) for client in clients].count(False) <= 3
            ask(port)

    def test_of_answers_count_too(self):
        """Ten answers of 12 MB at once that no client reads may take 30 MB of files."""
        with served(TINY, WEB_FILE_BYTES="30000000") as (port, _), contextlib.ExitStack() as leaving:
            clients = [leaving.enter_context(contextlib.closing(Client(port))) for _ in range(10)]
            for client in clients:
                client.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(2)

            lengths = [length_read(client) for client in clients]

            assert 1 <= lengths.count(LARGE_BYTES) <= 6
            ask(port)


class TestBehindABalancer:
    def test_clients_that_read_slowly_are_counted_by_their_own_addresses(self):
        with (
            served(TINY, TRUSTED_PROXIES="127.0.0.1", WEB_SLOW_SHARE="4") as (port, _),
            contextlib.ExitStack() as leaving,
        ):
            clients = [leaving.enter_context(contextlib.closing(Client(port))) for _ in range(10)]
            for number, client in enumerate(clients):
                forwarded = f"X-Forwarded-For: 203.0.113.{number}\r\n"
                client.send(f"GET /large HTTP/1.1\r\nHost: localhost\r\n{forwarded}\r\n".encode())
            time.sleep(3.5)

            assert [length_read(client) for client in clients] == [LARGE_BYTES] * 10


def length_read(client: Client) -> int:
    """Return how much of an answer's body arrives."""
    try:
        return len(client.read()[1])
    except ConnectionError:
        return 0


class TestBodies:
    def test_large_ones_arrive_whole(self, port):
        assert json.loads(upload(port, b"x" * 3_000_000, pause=0)[1]) == {"length": 3_000_000}

    def test_chunks_are_joined(self, port):
        with contextlib.closing(Client(port)) as client:
            client.send(b"POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(100):
                client.send(b"1000;name=value\r\n" + b"x" * 4096 + b"\r\n")
            client.send(b"0\r\nX-Trailer: 1\r\n\r\n")
            assert json.loads(client.read()[1]) == {"length": 409_600}

            assert client.get("/health/live")[0] == 200

    def test_an_announced_one_is_asked_for(self, port):
        with contextlib.closing(Client(port)) as client:
            client.send(
                b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            assert client.reader.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert client.reader.readline() == b"\r\n"
            client.send(b"abc")

            assert json.loads(client.read()[1]) == {"length": 3}

    @pytest.mark.parametrize("path", ["/length", "/unread"])
    def test_are_not_the_next_request(self, port, path):
        inner = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with contextlib.closing(Client(port)) as client:
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(inner)}\r\n\r\n".encode()
            client.send(head + inner + b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")

            assert client.read()[0] == 200
            assert json.loads(client.read()[1]) == {"status": "ok"}

    @pytest.mark.parametrize(
        "rest", [b"5\r\nab", b"zz\r\n", b"1\r\nabc", b"1;a\rb\r\nx\r\n", b"1\r\nx\r\n0\r\nBad Trailer\r\n\r\n"]
    )
    def test_faulty_chunks_are_refused(self, port, rest):
        with contextlib.closing(Client(port)) as client:
            client.send(b"POST /unread HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
            client.socket.shutdown(1)

            assert client.read()[0] == 400
            assert client.is_closed()


class TestPipelines:
    def test_are_answered_in_order(self, port):
        with contextlib.closing(Client(port)) as client:
            client.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)

            assert [client.read()[0] for _ in range(20)] == [200] * 20
