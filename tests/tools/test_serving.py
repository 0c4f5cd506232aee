"""The server as AWS starts it: `gunicorn -c python:shared.web.gunicorn …`, asked over bare sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from shared.web.health import is_beating, is_serving, main
from tests.tools.platform import ROOT, eventually
from tools.ports import free_port


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    port = free_port()
    environment = os.environ | {"BIND": f"127.0.0.1:{port}", "WEB_THREADS": "2", "WEB_GRACEFUL_SECONDS": "1"}
    environment["HOME"] = str(tmp_path_factory.mktemp("home"))
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:shared.web.gunicorn",
        "tests.tools.tiny.app:create_app()",
    ]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as server:
        assert eventually(lambda: is_serving(port, "/health/ready"))
        yield port
        server.terminate()
    assert os.listdir(environment["HOME"]) == [], "a control socket or another file was left in the home folder"


def exchange(port: int, request: str) -> str:
    """Send raw bytes and return everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request.encode("latin-1"))
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received.decode("latin-1")


def ask(port: int, *fields: str) -> dict[str, str]:
    """Return the WSGI environment's view of a GET with these header fields."""
    lines = ["GET /wsgi HTTP/1.1", "Host: localhost", "Connection: close", *fields, "", ""]
    return json.loads(exchange(port, "\r\n".join(lines)).split("\r\n\r\n", 1)[1])


class TestHeaders:
    def test_drops_names_that_would_pass_for_another(self, port):
        assert "HTTP_X_USER_ID" not in ask(port, "X_User_Id: usr_forged")

    def test_believes_nobody_about_the_scheme_or_the_path(self, port):
        seen = ask(
            port, "X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "Script-Name: /admin", "Script_Name: /admin"
        )

        assert seen["wsgi.url_scheme"] == "http"
        assert seen["SCRIPT_NAME"] == ""

    def test_refuses_a_field_that_is_too_long(self, port):
        refused = exchange(port, f"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {'a' * 9000}\r\n\r\n")

        assert refused.split()[1] in {"400", "431"}

    def test_refuses_too_many_fields(self, port):
        many = "".join(f"X-{number}: 1\r\n" for number in range(100))

        assert exchange(port, f"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").split()[1] in {"400", "431"}

    def test_refuses_a_line_that_is_too_long(self, port):
        refused = exchange(port, f"GET /{'a' * 9000} HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert refused.split()[1] in {"400", "414"}


class TestFraming:
    @pytest.mark.parametrize(
        "fields",
        [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            "X-Folded: a\r\n b\r\n",
        ],
    )
    def test_refuses_what_two_servers_could_read_differently(self, port, fields):
        request = f"POST /end-not HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n0\r\n\r\nGET /wsgi HTTP/1.1\r\n\r\n"
        answers = exchange(port, request)

        assert answers.count("HTTP/1.") == 1
        assert answers.split()[1] in {"400", "501"}


class TestProbe:
    def test_says_whether_the_server_is_well(self, port):
        assert main(str(port)) == 0
        assert main(str(free_port())) == 1

    def test_says_whether_a_worker_beats(self, tmp_path):
        heartbeat = tmp_path / "worker.heartbeat"
        assert main(str(heartbeat)) == 1

        heartbeat.touch()
        assert main(str(heartbeat)) == 0

        os.utime(heartbeat, (time.time() - 120,) * 2)
        assert not is_beating(heartbeat)
