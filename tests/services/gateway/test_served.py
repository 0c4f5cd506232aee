"""The gateway as gunicorn serves it, spoken to byte by byte."""

from __future__ import annotations

import contextlib
import json
import select
import time
from collections.abc import Callable, Iterator

import pytest
from jwt.algorithms import ECAlgorithm

from services.gateway.policy import UPSTREAMS
from tests.served import Client, served
from tests.services.gateway.upstreams import FakeUpstream, answer, echo
from tests.support import Tokens

BODY_IDLE_SECONDS = 0.5
THREADS = 8


@pytest.fixture(scope="module")
def served_upstream(tokens: Tokens) -> Iterator[FakeUpstream]:
    key = {**ECAlgorithm.to_jwk(tokens.key(Tokens.KID), as_dict=True), "kid": Tokens.KID}

    def respond(connection, request):
        if request.target == "/.well-known/jwks.json":
            return answer({"keys": [key]})
        return answer(b"x" * 3_000_000) if request.target == "/v1/notifications" else echo(connection, request)

    upstream = FakeUpstream(respond)
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def port(served_upstream: FakeUpstream, redis_url: str) -> Iterator[int]:
    environment = {
        **{f"{name.upper()}_URL": served_upstream.url for name in UPSTREAMS},
        "REDIS_URL": redis_url,
        "TRADEPOST_ENV": "test",
        "WEB_THREADS": str(THREADS),
        "ALLOWED_HOSTS": "shop.example",
        "HEAD_SECONDS": "1",
        "UPSTREAM_PLACES": "4",
        "BODY_IDLE_SECONDS": str(BODY_IDLE_SECONDS),
        "BODY_SECONDS": str(2 * BODY_IDLE_SECONDS),
    }
    with served("services.gateway.app:create_app()", **environment) as (port, _):
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    client = Client(port)
    yield client
    client.close()


@pytest.fixture
def bearer(tokens: Tokens) -> str:
    return f"Host: gateway\r\nAuthorization: Bearer {tokens.user('buyer')}\r\n"


def targets(upstream: FakeUpstream) -> list[str]:
    return [request.target for request in upstream.received if request.target != "/.well-known/jwks.json"]


@pytest.fixture(autouse=True)
def fresh(served_upstream: FakeUpstream) -> None:
    served_upstream.received.clear()


class TestKeepAlive:
    def test_two_requests_on_one_connection(self, client, bearer, served_upstream):
        for _ in range(2):
            client.send(f"GET /api/v1/orders HTTP/1.1\r\n{bearer}\r\n".encode())
            assert client.read()[0] == 200
        assert targets(served_upstream) == ["/v1/orders"] * 2

    def test_refused_body_does_not_become_the_next_request(self, client, bearer, served_upstream):
        smuggled = f"GET /api/v1/me HTTP/1.1\r\n{bearer}\r\n"
        client.send(
            f"GET /api/v1/orders HTTP/1.1\r\n{bearer}Content-Length: {len(smuggled)}\r\n\r\n{smuggled}".encode()
        )

        assert client.read()[0] == 413
        assert targets(served_upstream) == []


class TestStayingClients:
    """Clients that hold a connection without a request; without a limit the last response here comes too late."""

    @pytest.fixture
    def crowd(self, port) -> Iterator[Callable[[int], list[Client]]]:
        with contextlib.ExitStack() as leaving:
            yield lambda count: [leaving.enter_context(contextlib.closing(Client(port))) for _ in range(count)]

    def status_for(self, client: Client) -> int:
        client.send(b"GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n")
        return client.read()[0]

    def test_half_a_head_on_every_thread_keeps_nobody_out(self, crowd):
        halves = crowd(THREADS)
        for each in halves:
            each.send(b"GET /health/live HTTP/1.1\r\nHost: gate")

        assert self.status_for(*crowd(1)) == 200
        assert [each.read()[0] for each in halves] == [408] * len(halves)
        assert all(each.is_closed() for each in halves)

    def test_who_stays_when_hung_up_on_keeps_nobody_out(self, crowd):
        stayers = crowd(20)
        for each in stayers:
            each.send(b"GET /health/live HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
        assert [each.read()[0] for each in stayers] == [200] * len(stayers)

        assert self.status_for(*crowd(1)) == 200


FRAMINGS = {
    "length and chunked": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "signed length": "Content-Length: +4\r\n\r\nabcd",
    "obscured coding": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "space before colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded field": "X-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n",
    "bad chunk size": "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "bare return in an extension": "Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\nx\r\n0\r\n\r\n",
    "unfinished chunk": "Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n",
}


class TestFraming:
    @pytest.mark.parametrize("rest", FRAMINGS.values(), ids=FRAMINGS.keys())
    def test_ambiguous_is_refused_and_the_connection_closed(self, rest, client, bearer, served_upstream):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\n{bearer}{rest}".encode())

        status, _ = client.read()
        assert status in (400, 501)
        assert client.is_closed()
        assert targets(served_upstream) == []

    def test_chunked_passes_with_a_length(self, client, bearer, served_upstream):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\n{bearer}Transfer-Encoding: chunked\r\n\r\n".encode())
        client.send(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

        assert client.read()[0] == 200
        assert served_upstream.last.body == b"abcde"
        assert served_upstream.last.all("content-length") == ["5"]

    def test_underscores_do_not_pass_for_dashes(self, client, bearer, served_upstream):
        client.send(f"GET /api/v1/orders HTTP/1.1\r\n{bearer}X_User_Id: admin\r\nX_Kept: 1\r\n\r\n".encode())

        client.read()
        assert not [name for name, _ in served_upstream.last.headers if name.startswith(("x-user", "x-kept", "x_"))]


class TestTargets:
    @pytest.mark.parametrize(
        "target",
        [
            "http://gateway/internal/v1/prices",
            "/api/v1/products/..%2f..%2finternal%2fv1%2fprices",
            "//internal/v1/prices",
            "/internal/v1/prices#/api/v1/products",
            "/api/v1/products/%2e%2e/internal",
        ],
    )
    def test_no_spelling_reaches_the_inside(self, target, client, bearer, served_upstream):
        client.send(f"GET {target} HTTP/1.1\r\n{bearer}\r\n".encode())

        status, body = client.read()
        assert status == 404
        assert json.loads(body)["status"] == 404
        assert targets(served_upstream) == []

    def test_absolute_form_is_the_same_address(self, client, bearer, served_upstream):
        client.send(f"GET http://gateway/api/v1/orders?limit=2 HTTP/1.1\r\n{bearer}\r\n".encode())

        assert client.read()[0] == 200
        assert targets(served_upstream) == ["/v1/orders?limit=2"]


HOSTS = {
    "none": "",
    "empty": "Host: \r\n",
    "no name": "Host: gate way\r\n",
    "with a user": "Host: admin@gateway\r\n",
    "unknown": "Host: evil.example\r\n",
    "unknown, looks known": "Host: gateway.evil.example\r\n",
}


class TestHosts:
    @pytest.mark.parametrize("field", HOSTS.values(), ids=HOSTS.keys())
    @pytest.mark.parametrize("path", ["/api/v1/orders", "/docs"])
    def test_that_are_unknown_are_refused(self, field, path, client, bearer, served_upstream):
        client.send(f"GET {path} HTTP/1.1\r\n{field}{bearer.partition(chr(10))[2]}\r\n".encode())

        status, body = client.read()
        assert (status, json.loads(body)["status"]) == (400, 400)
        assert targets(served_upstream) == []

    @pytest.mark.parametrize(
        "host", ["gateway", "gateway:8080", "LOCALHOST", "127.0.0.1:80", "[::1]:80", "shop.example"]
    )
    def test_that_are_known_are_served(self, host, client, bearer):
        client.send(f"GET /api/v1/orders HTTP/1.1\r\nHost: {host}\r\n{bearer.partition(chr(10))[2]}\r\n".encode())

        assert client.read()[0] == 200

    def test_of_target_and_field_must_be_one(self, client, bearer, served_upstream):
        client.send(f"GET http://products:8080/api/v1/orders HTTP/1.1\r\n{bearer}\r\n".encode())

        assert client.read()[0] == 400
        assert targets(served_upstream) == []

    def test_of_probes_may_be_addresses(self, client):
        client.send(b"GET /health/live HTTP/1.1\r\nHost: 10.20.3.4:8080\r\n\r\n")

        assert client.read()[0] == 200

    def test_are_not_asked_of_old_clients(self, client):
        client.send(b"GET /health/live HTTP/1.0\r\n\r\n")

        assert client.read()[0] == 200


class TestLargeBodies:
    @pytest.mark.parametrize("framing", ["Content-Length: 1500000", "Transfer-Encoding: chunked"])
    def test_without_a_token_are_refused_before_they_arrive(self, framing, client, served_upstream):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\nHost: gateway\r\n{framing}\r\n\r\n".encode())
        if "chunked" in framing:
            client.send(b"20000\r\n" + b"x" * 0x20000 + b"\r\n")

        assert client.read()[0] == (413 if "chunked" in framing else 401)
        assert client.is_closed()
        assert targets(served_upstream) == []

    def test_above_the_limit_of_the_route_are_refused_before_they_arrive(self, client, bearer):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\n{bearer}Content-Length: 3000000\r\n\r\n".encode())

        assert client.read()[0] == 413
        assert client.is_closed()

    def test_within_the_limit_pass(self, client, bearer, served_upstream):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\n{bearer}Content-Length: 1500000\r\n\r\n".encode())
        client.send(b"x" * 1_500_000)

        assert client.read()[0] == 200
        assert len(served_upstream.last.body) == 1_500_000


class TestSlowClients:
    def test_stalled_body_is_given_up_and_never_begun(self, client, bearer, served_upstream):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\n{bearer}Content-Length: 10\r\n\r\nabc".encode())
        started = time.monotonic()

        status, body = client.read()

        assert status == 408
        assert json.loads(body)["type"] == "/problems/body-too-slow"
        assert time.monotonic() - started < BODY_IDLE_SECONDS + 8
        assert targets(served_upstream) == []

    @pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
    def test_a_body_that_drips_is_given_up_too(self, framing, client, bearer, served_upstream):
        client.send(f"PUT /api/v1/cart HTTP/1.1\r\n{bearer}{framing}\r\n\r\n".encode())
        drop = b"a" if "Length" in framing else b"1\r\na\r\n"
        drops = 0
        while not select.select([client.socket], [], [], BODY_IDLE_SECONDS / 4)[0] and drops < 100:
            client.send(drop)
            drops += 1

        assert drops < 100, "every drop bought it more time"
        assert client.read()[0] == 408
        assert targets(served_upstream) == []

    def test_reader_who_leaves_gives_his_place_back(self, port, bearer, served_upstream):
        for _ in range(6):
            leaver = Client(port)
            leaver.send(f"GET /api/v1/notifications HTTP/1.1\r\n{bearer}\r\n".encode())
            assert leaver.reader.readline().startswith(b"HTTP/1.1 200")
            leaver.close()

        for _ in range(50):
            stayer = Client(port)
            stayer.send(f"GET /api/v1/notifications HTTP/1.1\r\n{bearer}\r\n".encode())
            status, body = stayer.read()
            stayer.close()
            if status == 200:
                break
            time.sleep(0.05)
        assert len(body) == 3_000_000


REFUSALS = {
    "no request line": (b"nonsense\r\n\r\n", 400, "bad-request"),
    "bare line feeds": (b"GET /api/v1/orders HTTP/1.1\nHost: gateway\n\n", 400, "bad-request"),
    "another version": (b"GET /api/v1/orders HTTP/3.0\r\nHost: gateway\r\n\r\n", 400, "bad-request"),
    "two Hosts": (b"GET /api/v1/orders HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad-request"),
    "long line": (b"GET /api/" + b"a" * 9000 + b" HTTP/1.1\r\nHost: gateway\r\n\r\n", 414, "uri-too-long"),
    "long line without an end": (b"GET /api/" + b"a" * 70_000, 414, "uri-too-long"),
    "expectation": (
        b"GET /api/v1/orders HTTP/1.1\r\nHost: gateway\r\nExpect: more\r\n\r\n",
        417,
        "expectation-failed",
    ),
    "long field": (
        b"GET /api/v1/orders HTTP/1.1\r\nHost: gateway\r\nX-A: " + b"a" * 9000 + b"\r\n\r\n",
        431,
        "header-fields-too-large",
    ),
    "long head without an end": (
        b"GET /api/v1/orders HTTP/1.1\r\nHost: gateway\r\nX-A: " + b"a" * 70_000,
        431,
        "header-fields-too-large",
    ),
    "unknown coding": (
        b"PUT /api/v1/cart HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: xchunked\r\n\r\n",
        501,
        "transfer-coding-unknown",
    ),
    "faulty chunk": (
        b"PUT /api/v1/cart HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
        "bad-request",
    ),
}


class TestRefusals:
    @pytest.mark.parametrize(("request_", "status", "kind"), REFUSALS.values(), ids=REFUSALS.keys())
    def test_of_the_server_are_problem_documents(self, request_, status, kind, client):
        client.send(request_)

        answered, body = client.read()
        problem = json.loads(body)
        assert (answered, problem["status"], problem["type"]) == (status, status, f"/problems/{kind}")
        assert problem["title"]
        assert problem["request_id"] in client.head.decode()
        assert b"application/problem+json" in client.head
        assert client.is_closed()
