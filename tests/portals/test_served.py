"""A portal as gunicorn serves it: slow clients, and pages for requests that the server refuses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.served import Client, dripping, served, slowest

THREADS = 4


@pytest.fixture(scope="module", params=["customer", "admin"])
def portal(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def port(portal: str, redis_url: str) -> Iterator[int]:
    environment = {
        "REDIS_URL": redis_url,
        "SERVICE_SECRET": "s" * 32,
        "GATEWAY_URL": "http://127.0.0.1:9",
        "TRADEPOST_ENV": "test",
        "WEB_THREADS": str(THREADS),
        "HEAD_SECONDS": "3",
    }
    with served(f"portals.{portal}.app:create_app()", **environment) as (port, _):
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    with contextlib.closing(Client(port)) as client:
        yield client


def ask(port: int, path: str) -> None:
    with contextlib.closing(Client(port, timeout=5)) as client:
        assert client.get(path)[0] == 200


class TestOthers:
    @pytest.mark.parametrize("kind", ["chunked body", "head"])
    def test_see_pages_beside_100_slow_connections(self, port, portal, kind):
        path = "/sign-in" if portal == "customer" else "/admin/sign-in"
        with dripping(port, 100, kind):
            assert slowest(lambda: ask(port, path), seconds=3) < 2


CHUNKED = b"POST /sign-in HTTP/1.1\r\nHost: portal\r\nTransfer-Encoding: chunked\r\n\r\n"
UNREADABLE = b"could not read that request"


class TestRefusals:
    @pytest.mark.parametrize(
        ("request_", "status", "words"),
        [
            (b"nonsense\r\n\r\n", 400, UNREADABLE),
            (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: portal\r\n\r\n", 414, b"address is too long"),
            (b"GET / HTTP/1.1\r\nHost: portal\r\nExpect: more\r\n\r\n", 417, UNREADABLE),
            (b"GET / HTTP/1.1\r\nHost: portal\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n", 431, b"sent too much"),
            (
                b"POST / HTTP/1.1\r\nHost: portal\r\nTransfer-Encoding: xchunked\r\n\r\n",
                501,
                b"could not read that request",
            ),
            (
                CHUNKED + b"zz\r\n",
                400,
                b"could not read that request",
            ),
        ],
    )
    def test_of_the_server_are_pages(self, request_, status, words, client):
        client.send(request_)

        answered, body = client.read()
        assert answered == status
        assert b"Content-Type: text/html" in client.head
        assert b"Content-Security-Policy" in client.head
        assert words in body
        assert client.is_closed()

    def test_of_a_head_that_never_ends_are_pages_too(self, client):
        client.send(b"GET / HTTP/1.1\r\nHost: por")

        assert client.read()[0] == 408
        assert client.is_closed()
