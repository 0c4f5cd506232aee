"""Log lines, their ids, and metrics, as a reader of stdout and of `/metrics` sees them."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask, abort

from shared.observe.observability import (
    bind_context,
    configure_logging,
    counter,
    current_request_id,
    get_logger,
    histogram,
    observe_requests,
    trace_context,
)

log = get_logger()
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    configure_logging("orders", "INFO")
    yield lambda: [orjson.loads(line) for line in capsys.readouterr().out.split("\n") if line]
    configure_logging("orders", "INFO")


@pytest.fixture
def app() -> Flask:
    app = Flask("orders")

    @app.get("/v1/orders/<order_id>")
    def order(order_id: str) -> dict[str, str]:
        bind_context(company_id="cmp_acme", user_id=None)
        log.info("order_read", order_id=order_id)
        return {"request_id": current_request_id(), **trace_context()}

    @app.get("/health/live")
    def live() -> str:
        return "ok"

    @app.get("/refused")
    def refused() -> str:
        abort(409)

    @app.get("/crash")
    def crash() -> str:
        raise RuntimeError("with card 4242424242424242")

    observe_requests(app)
    return app


class TestLogLine:
    def test_is_json_with_event_level_time_and_service(self, lines):
        log.info("order_placed", order_id="ord_1", total=Decimal("2.50"))

        (line,) = lines()
        assert list(line)[:4] == ["timestamp", "level", "service", "event"]
        assert line["timestamp"].endswith("Z")
        assert (line["level"], line["service"], line["event"]) == ("INFO", "orders", "order_placed")
        assert (line["order_id"], line["total"]) == ("ord_1", "2.50")

    def test_respects_a_changed_level(self, lines):
        log.debug("hidden")
        configure_logging("orders", "ERROR")
        log.warning("hidden")
        log.error("seen")
        configure_logging("orders", "DEBUG")
        log.debug("seen_too")

        assert [(line["event"], line["level"]) for line in lines()] == [("seen", "ERROR"), ("seen_too", "DEBUG")]

    def test_refuses_an_unknown_level(self):
        with pytest.raises(ValueError, match="LOG_LEVEL is 'LOUD'"):
            configure_logging("orders", "LOUD")

    def test_cannot_be_forged(self, lines, capsys):
        log.info("search", query='x\n{"event": "forged"}\u2028\u0085\r\x00', bad="\ud800", big=2**70)
        log.info("next", text="\u2028\u0085")

        written = capsys.readouterr().out
        first, second = map(orjson.loads, written.splitlines())
        assert (first["event"], second["event"]) == ("search", "next")
        assert second["text"] == "\u2028\u0085"
        assert len(written.splitlines()) == 2

    def test_names_an_object_instead_of_showing_it(self, lines):
        log.info("order_placed", order=object())

        assert lines()[0]["order"] == "<object>"

    def test_shows_a_traceback_without_card_numbers(self, lines):
        try:
            raise RuntimeError("card 4242424242424242")
        except RuntimeError:
            log.exception("payment_failed", password="x")

        (line,) = lines()
        assert (line["level"], line["password"]) == ("ERROR", "[redacted]")
        assert "RuntimeError: card [redacted]" in line["exception"]

    def test_includes_logs_of_libraries(self, lines):
        logging.getLogger("urllib3").warning("pool %s is full", "x")
        logging.getLogger("urllib3").info("chatter")

        (line,) = lines()
        assert (line["event"], line["level"], line["logger"]) == ("library_message", "WARN", "urllib3")
        assert line["message"] == "pool x is full"


class TestRequestLog:
    def test_writes_one_line_by_route_template(self, app, lines):
        app.test_client().get("/v1/orders/ord_1?secret=1")

        read, line = lines()
        assert (line["event"], line["method"], line["route"], line["status"]) == (
            "request",
            "GET",
            "/v1/orders/<order_id>",
            200,
        )
        assert line["duration_ms"] > 0
        assert line["company_id"] == read["company_id"] == "cmp_acme"
        assert line["request_id"] == read["request_id"]
        assert "user_id" not in line
        assert "secret" not in str(line)

    @pytest.mark.parametrize(
        ("path", "status", "route"), [("/refused", 409, "/refused"), ("/nothing/here", 404, "unmatched")]
    )
    def test_writes_refusals_too(self, app, lines, path, status, route):
        app.test_client().get(path)

        (line,) = lines()
        assert (line["status"], line["route"], line["level"]) == (status, route, "INFO")

    def test_marks_a_crash(self, app, lines):
        assert app.test_client().get("/crash").status_code == 500

        written = lines()
        assert (written[-1]["event"], written[-1]["level"], written[-1]["status"]) == ("request", "ERROR", 500)
        assert "4242" not in str(written)

    def test_is_silent_about_probes(self, app, lines):
        app.test_client().get("/health/live")

        assert lines() == []

    def test_leaves_no_ids_behind(self, app):
        client = app.test_client()
        first = client.get("/v1/orders/1").json["request_id"]
        second = client.get("/v1/orders/1").json["request_id"]

        assert first != second
        assert current_request_id() == ""
        assert trace_context() == {}


class TestRequestId:
    def test_keeps_the_callers(self, app):
        response = app.test_client().get("/v1/orders/1", headers={"X-Request-ID": "req_from-caller_1"})

        assert response.headers["X-Request-ID"] == response.json["request_id"] == "req_from-caller_1"

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "short",
            "4242424242424242",
            "4242-4242-4242-4242",
            "x" * 129,
            "has space in it",
            "a;rm -rf /tmp",
            "<script>alert",
        ],
    )
    def test_replaces_an_unsafe_one(self, app, value):
        response = app.test_client().get("/v1/orders/1", headers={"X-Request-ID": value})

        assert response.headers["X-Request-ID"].startswith("req_")


class TestTraceparent:
    PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    def trace(self, app: Flask, value: str) -> list[str]:
        answer = app.test_client().get("/v1/orders/1", headers={"traceparent": value}).get_json()
        return str(answer["traceparent"]).split("-")

    def test_continues_the_callers_trace_in_a_span_of_its_own(self, app):
        version, trace_id, span_id, flags = self.trace(app, self.PARENT)

        assert (version, trace_id, flags) == ("00", "0af7651916cd43dd8448eb211c80319c", "01")
        assert span_id != "b7ad6b7169203331"

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            PARENT + "-extra",
            PARENT[:-1],
            "0" * 5000,
        ],
    )
    def test_starts_a_new_one_for_what_is_malformed(self, app, value):
        _, trace_id, _, flags = self.trace(app, value)

        assert trace_id != "0af7651916cd43dd8448eb211c80319c"
        assert (len(trace_id), flags) == (32, "00")

    def test_logs_no_warning_for_an_oversized_header(self, app, lines):
        self.trace(app, "0" * 5000)

        assert [line["event"] for line in lines()] == ["order_read", "request"]

    def test_reads_a_later_version(self, app):
        assert self.trace(app, "01" + self.PARENT[2:] + "-more")[1] == "0af7651916cd43dd8448eb211c80319c"


class TestMetrics:
    def test_counts_requests_by_template_and_status(self, app):
        client = app.test_client()
        for order_id in ("1", "2"):
            client.get(f"/v1/orders/{order_id}")

        text = client.get("/metrics").text
        assert 'http_request_duration_seconds_count{method="GET",route="/v1/orders/<order_id>",status="200"}' in text
        assert "/v1/orders/1" not in text

    def test_does_not_let_callers_create_series(self, app):
        client = app.test_client()
        client.open("/v1/orders/1", method="BREW")

        assert "BREW" not in client.get("/metrics").text

    def test_shows_business_metrics(self, app):
        orders = counter("test_orders_placed_total", "Orders placed.", ("currency",))
        orders.labels("GBP").inc()
        histogram("test_order_lines", "Lines of an order.", buckets=(1, 10)).observe(3)

        text = app.test_client().get("/metrics").text
        assert counter("test_orders_placed_total", "Orders placed.", ("currency",)) is orders
        assert 'test_orders_placed_total{currency="GBP"} 1.0' in text
        assert 'test_order_lines_bucket{le="10.0"} 1.0' in text

    def test_sums_over_the_processes_of_a_service(self, tmp_path: Path):
        script = (
            "import os\n"
            "from shared.observe.metrics import counter, exposition\n"
            "orders = counter('orders_placed_total', 'Orders placed.')\n"
            "child = os.fork()\n"
            "orders.inc()\n"
            "if not child: os._exit(0)\n"
            "os.waitpid(child, 0)\n"
            "print(exposition()[0].decode())\n"
        )
        root = Path(__file__).parents[3]
        environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(root)}
        run = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=root
        )

        assert "orders_placed_total 2.0" in run.stdout
