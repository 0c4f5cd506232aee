"""Upstreams that are slow, down, stale or talk nonsense: the client gets a problem, the other routes stay fast."""

from __future__ import annotations

import threading
import time

import pytest

from services.gateway.policy import Criticality
from shared.calls.bulkhead import Bulkhead
from tests.services.gateway.upstreams import answer

PROBLEM = "application/problem+json"


def in_background(call):
    """Start a call; join the returned thread for its answer."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()

    def joined():
        thread.join()
        return answers[0]

    return joined


class TestDown:
    def test_is_unavailable_with_a_time_to_come_back(self, make_gateway, api, start_upstream):
        gone = start_upstream()
        gone.close()

        response = api(make_gateway(orders_url=gone.url)).get("/api/v1/orders")

        assert response.status_code == 503
        assert response.content_type == PROBLEM
        assert response.json["type"] == "/problems/upstream-unavailable"
        assert response.json["request_id"] == response.headers["X-Request-ID"]
        assert int(response.headers["Retry-After"]) > 0

    def test_leaves_the_others_alone(self, make_gateway, api, start_upstream):
        gone = start_upstream()
        gone.close()
        client = api(make_gateway(orders_url=gone.url))
        for _ in range(25):
            client.get("/api/v1/orders")

        assert client.get("/api/v1/products").status_code == 200

    def test_opens_the_breaker(self, make_gateway, api, start_upstream):
        broken = start_upstream(lambda *_: None)
        client = api(make_gateway(orders_url=broken.url))
        for _ in range(25):
            client.get("/api/v1/orders")
        seen = len(broken.received)

        response = client.get("/api/v1/orders")

        assert response.status_code == 503
        assert len(broken.received) == seen == 40  # each call twice: a hang-up is repeated once

    def test_recovers_when_it_is_back(self, make_gateway, api, start_upstream):
        flaky = start_upstream(lambda *_: None)
        client = api(make_gateway(orders_url=flaky.url))
        assert client.get("/api/v1/orders").status_code == 502
        flaky.respond = lambda *_: answer({"items": []})

        assert client.get("/api/v1/orders").json == {"items": []}


class TestSlow:
    def test_times_out(self, make_gateway, api, start_upstream):
        slow = start_upstream(lambda *_: time.sleep(0.5))
        client = api(make_gateway(orders_url=slow.url))

        response = client.get("/api/v1/orders", headers={"X-Deadline-Ms": "100"})

        assert response.status_code == 504
        assert response.content_type == PROBLEM
        assert "Retry-After" in response.headers

    def test_clients_in_a_hurry_cannot_open_the_breaker(self, make_gateway, api, start_upstream):
        def respond(*_):
            time.sleep(0.05)
            return answer({})

        slow = start_upstream(respond)
        client = api(make_gateway(orders_url=slow.url))
        for _ in range(22):
            assert client.get("/api/v1/orders", headers={"X-Deadline-Ms": "10"}).status_code == 504

        assert client.get("/api/v1/orders").status_code == 200

    def test_does_not_block_other_routes(self, make_gateway, api, start_upstream):
        release = threading.Event()
        stuck = start_upstream(lambda *_: release.wait(10) and answer({}))
        client = api(make_gateway(orders_url=stuck.url, upstream_places=4))
        waiting = [in_background(lambda: client.get("/api/v1/orders")) for _ in range(3)]
        while len(stuck.received) < 3:
            time.sleep(0.005)

        started = time.monotonic()
        elsewhere = client.get("/api/v1/products").status_code
        refused = client.get("/api/v1/orders")
        seconds = time.monotonic() - started
        release.set()

        assert elsewhere == 200
        assert refused.status_code == 503
        assert refused.json["type"] == "/problems/upstream-busy"
        assert seconds < 3
        assert [answered().status_code for answered in waiting] == [200, 200, 200]

    def test_dripping_answer_is_cut_off(self, make_gateway, api, start_upstream):
        def drip(connection, _):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(20):
                time.sleep(0.05)
                connection.sendall(b"x")

        client = api(make_gateway(orders_url=start_upstream(drip).url))

        assert client.get("/api/v1/orders", headers={"X-Deadline-Ms": "300"}).status_code == 504


class TestBulkhead:
    def test_sheds_browsing_first_and_checkout_last(self):
        bulkhead = Bulkhead(20)
        admitted = dict.fromkeys((Criticality.BROWSE, Criticality.NORMAL, Criticality.CHECKOUT), 0)
        for criticality in admitted:
            while bulkhead.enter(criticality.value):
                admitted[criticality] += 1

        assert list(admitted.values()) == [15, 3, 2]

    def test_gives_places_back(self):
        bulkhead = Bulkhead(1)
        assert bulkhead.enter(Criticality.NORMAL.value)
        assert not bulkhead.enter(Criticality.CHECKOUT.value)
        bulkhead.leave()
        assert bulkhead.enter(Criticality.NORMAL.value)

    def test_every_call_leaves_again(self, make_gateway, api, start_upstream):
        outcomes = iter([None, None, b"nonsense\r\n\r\n", answer({}), answer(b"x" * 300_000)])
        odd = start_upstream(lambda *_: next(outcomes))
        gateway = make_gateway(orders_url=odd.url, upstream_places=1)
        client = api(gateway)
        statuses = [client.get("/api/v1/orders", buffered=True).status_code for _ in range(4)]

        assert statuses == [502, 502, 200, 200]
        assert gateway.extensions["gateway"]["upstreams"]["orders"].upstream.bulkhead.enter()


class TestConnections:
    def test_are_kept_and_used_again(self, buyer, upstream):
        for _ in range(5):
            buyer.get("/api/v1/orders")

        assert upstream.connections == 1

    def test_closed_while_idle_is_noticed_before_use(self, buyer, upstream):
        buyer.get("/api/v1/orders")
        upstream.hang_up()

        assert buyer.post("/api/v1/auth/logout", json={}, headers={"Idempotency-Key": ""}).status_code == 200
        assert [request.on_connection for request in upstream.received] == [1, 2]

    @pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/orders"), ("POST", "/api/v1/orders")])
    def test_closed_at_the_moment_of_use_is_retried_once_when_that_is_safe(self, method, path, buyer, upstream):
        buyer.get("/api/v1/orders")
        upstream.respond = lambda _, request: None if request.on_connection == 1 else answer({})

        assert buyer.request(method, path).status_code == 200
        assert [request.on_connection for request in upstream.received] == [1, 1, 2]

    def test_hang_up_on_a_fresh_connection_is_repeated_once(self, buyer, upstream):
        upstream.respond = lambda *_: None

        assert buyer.get("/api/v1/orders").status_code == 502
        assert [request.all("x-retried") for request in upstream.received] == [[], ["1"]]

    def test_unkeyed_write_is_not_repeated(self, gateway, upstream):
        client = gateway.test_client()
        client.post("/api/v1/auth/refresh", json={})
        upstream.respond = lambda *_: None

        assert client.post("/api/v1/auth/refresh", json={}).status_code == 502
        assert len(upstream.received) == 2

    def test_half_an_answer_is_not_retried(self, buyer, upstream):
        buyer.get("/api/v1/orders")
        upstream.respond = lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")

        assert buyer.get("/api/v1/orders").status_code == 502
        assert len(upstream.received) == 2

    def test_said_to_close_is_not_used_again(self, buyer, upstream):
        upstream.respond = lambda *_: answer({}, extra="Connection: close\r\n")
        for _ in range(3):
            assert buyer.get("/api/v1/orders").status_code == 200

        assert upstream.connections == 3


NONSENSE = {
    "not http": b"SSH-2.0-OpenSSH\r\n\r\n",
    "empty head": b"\r\n\r\n",
    "bad status": b"HTTP/1.1 999 Hm\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nabcde",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "folded field": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "space before colon": b"HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n",
    "bare line feed in a value": b"HTTP/1.1 200 OK\r\nX-A: 1\nX-B: 2\r\nContent-Length: 0\r\n\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000,
}


class TestNonsense:
    @pytest.mark.parametrize("raw", NONSENSE.values(), ids=NONSENSE.keys())
    def test_is_a_bad_gateway(self, raw, buyer, upstream):
        upstream.respond = lambda *_: raw

        response = buyer.get("/api/v1/orders", headers={"X-Deadline-Ms": "1000"})

        assert response.status_code == 502
        assert response.content_type == PROBLEM

    def test_two_answers_at_once_do_not_poison_the_next_call(self, buyer, upstream):
        upstream.respond = lambda *_: answer({"for": "me"}) + answer({"for": "nobody"})
        buyer.get("/api/v1/orders")
        upstream.respond = lambda *_: answer({"for": "you"})

        assert buyer.get("/api/v1/orders").json == {"for": "you"}

    @pytest.mark.parametrize(
        ("status", "seen"),
        [("500 X", 502), ("502 X", 502), ("503 X", 503), ("504 X", 504), ("404 X", 404), ("431 X", 431)],
    )
    def test_html_error_becomes_a_problem(self, status, seen, buyer, upstream):
        upstream.respond = lambda *_: answer(b"<h1>Oh no</h1>", status=status, content_type="text/html")

        response = buyer.get("/api/v1/orders")

        assert response.status_code == seen
        assert response.content_type == PROBLEM
        assert b"Oh no" not in response.data

    def test_problems_pass_with_the_public_path_as_their_instance(self, buyer, upstream):
        document = {"type": "/problems/out-of-stock", "status": 409, "shortages": [{"sku": "A"}]}
        upstreams = document | {"instance": "/v1/orders"}
        upstream.respond = lambda *_: answer(upstreams, status="409 Conflict", content_type=PROBLEM)

        response = buyer.post("/api/v1/orders?a=b", json={})

        assert response.status_code == 409
        assert response.json == document | {"instance": "/api/v1/orders"}
        assert int(response.headers["Content-Length"]) == len(response.data)

    @pytest.mark.parametrize("sku", ["A%2fB", "A%2FB", "a%20b"])
    def test_an_instance_is_spelled_as_the_client_sent_it(self, sku, buyer, upstream):
        upstream.respond = lambda *_: answer({"status": 404}, status="404 Not Found", content_type=PROBLEM)

        assert buyer.get(f"/api/v1/products/{sku}").json["instance"] == f"/api/v1/products/{sku}"

    @pytest.mark.parametrize("body", [b"[]", b"{", b"null", b""])
    def test_what_is_no_problem_passes_as_it_is(self, body, buyer, upstream):
        upstream.respond = lambda *_: answer(body, status="409 Conflict", content_type=PROBLEM)

        assert buyer.get("/api/v1/orders").data == body


class TestAnswers:
    def test_chunked_is_passed_on(self, buyer, upstream):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/csv\r\n\r\n"
        upstream.respond = lambda *_: head + b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"

        assert [buyer.get("/api/v1/orders", buffered=True).data for _ in range(2)] == [b"hello world"] * 2
        assert upstream.connections == 1

    def test_without_length_runs_to_the_end(self, buyer, upstream):
        def respond(connection, _):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")

        upstream.respond = respond

        assert buyer.get("/api/v1/orders", buffered=True).data == b"all of it"

    def test_large_is_streamed_and_its_connection_reused(self, buyer, upstream):
        upstream.respond = lambda *_: answer(b"x" * 3_000_000, content_type="text/csv")

        for _ in range(2):
            assert len(buyer.get("/api/v1/orders", buffered=True).data) == 3_000_000
        assert upstream.connections == 1

    def test_interim_answers_are_skipped(self, buyer, upstream):
        upstream.respond = lambda *_: b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + answer({"final": True})

        assert buyer.get("/api/v1/orders").json == {"final": True}

    def test_no_content_has_no_body(self, gateway, upstream):
        upstream.respond = lambda *_: b"HTTP/1.1 204 No Content\r\n\r\n"

        response = gateway.test_client().post("/api/v1/auth/logout", json={})

        assert response.status_code == 204
        assert "Content-Length" not in response.headers
