"""Bodies that drip in are given up; the browser still hears why."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

from shared.portal.bodies import TimedBodies
from shared.web.slow_clients import GRACE_SECONDS, seconds_for

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The portal's end of a connection, and the browser's."""
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


@Request.application
def echo(request: Request) -> Response:
    return Response(request.get_data())


def ask(pair: Pair, length: int, seconds: float) -> tuple[int, bytes]:
    with pair[0].makefile("rb") as stream:
        given = {"gunicorn.socket": pair[0], "wsgi.input": stream, "CONTENT_LENGTH": str(length)}
        builder = EnvironBuilder(method="POST", environ_overrides=given)
        response = Client(TimedBodies(echo, largest=2**20, seconds_for=lambda _: seconds)).open(builder)
        return response.status_code, response.get_data()


class TestTimedBodies:
    def test_one_byte_a_time_buys_no_more_time(self, pair: Pair):
        has_answered = threading.Event()

        def drip() -> None:
            with contextlib.suppress(BrokenPipeError):  # nobody listens any more
                while not has_answered.wait(0.05):
                    pair[1].send(b"a")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert ask(pair, 1000, 0.2)[0] == 400
        finally:
            has_answered.set()
            dripping.join()

    def test_a_body_that_comes_in_time_is_read_whole(self, pair: Pair):
        pair[1].sendall(b"a" * 1000)

        assert ask(pair, 1000, 30) == (200, b"a" * 1000)

    def test_large_files_have_longer_than_forms(self):
        assert seconds_for(0) == GRACE_SECONDS
        assert seconds_for(32 * 1024 * 1024) == GRACE_SECONDS + 512
