"""Which requests are traced: the share rises while a route is unusual and falls back, and every hop follows."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from services.gateway.proxy.sampling import Sampler
from shared.observe import tracing
from tests.services.gateway.upstreams import FakeUpstream
from tests.support import Api

ROUTE = ("GET", "/api/v1/products")
REQUESTS = 100
ROOT = Path(__file__).parents[3]


class Traffic:
    """A hundred requests a second to one route, on a clock that only this moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        evenly = itertools.cycle(number / REQUESTS for number in range(REQUESTS))
        self.sampler = Sampler([ROUTE], 0.05, 0.5, now=lambda: self.now, chance=lambda: next(evenly))

    def second(self, *, taking: float = 0.02, failed: int = 0) -> int:
        """Pass one second; return how many of its requests were sampled."""
        sampled = 0
        for number in range(REQUESTS):
            sampled += self.sampler.is_sampled(ROUTE)
            self.sampler.learn(ROUTE, taking, has_failed=number < failed)
        self.now += 1
        return sampled

    def pass_by(self, seconds: int, **how: Any) -> list[int]:
        return [self.second(**how) for _ in range(seconds)]


class TestAdaptiveSampling:
    def test_takes_one_a_second_and_a_share_of_the_others(self):
        assert 4 * 60 <= sum(Traffic().pass_by(60)) <= 7 * 60

    @pytest.mark.parametrize("trouble", [{"failed": 20}, {"taking": 0.6}], ids=["errors", "p95"])
    def test_rises_to_the_cap_out_of_the_norm_and_falls_back_after_a_minute(self, trouble):
        traffic = Traffic()
        usual = traffic.pass_by(60)[-1]
        traffic.pass_by(10, **trouble)
        raised = traffic.pass_by(60)
        fallen = traffic.pass_by(20)[-1]

        assert usual <= 7
        assert min(raised[1:58]) >= 48
        assert max(raised) <= 52
        assert fallen <= 7

    def test_takes_what_stays_for_the_new_norm(self):
        traffic = Traffic()
        traffic.pass_by(60)

        assert traffic.pass_by(1800, taking=0.6)[-1] <= 7

    def test_does_not_judge_by_a_few_requests(self):
        traffic = Traffic()
        traffic.pass_by(60)
        for _ in range(5):
            traffic.now += 61
            traffic.sampler.learn(ROUTE, 5.0, has_failed=True)

        assert traffic.second() <= 7

    def test_never_samples_what_is_not_in_the_table(self):
        assert not Traffic().sampler.is_sampled(("GET", "/else"))


class Collector:
    """Stands where the collector listens and keeps the spans it is sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        collector = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.services.add(named["service.name"])
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def wait_for(self, count: int) -> list[Span]:
        give_up_at = time.monotonic() + 10
        while len(self.spans) < count and time.monotonic() < give_up_at:
            time.sleep(0.02)
        return self.spans


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    yield collector
    tracing.export_with(None)
    collector.server.shutdown()
    collector.server.server_close()


class TestTracedGateway:
    def test_tells_the_upstream_what_it_decided_and_exports_only_that(
        self, collector: Collector, make_gateway: Callable[..., Flask], api: Callable[..., Api], upstream: FakeUpstream
    ):
        buyer = api(make_gateway(tracing_backend="otlp", sampling_rate=0.0, sampling_cap=0.0), role="buyer")
        balancer = "Self=1-67891234-12456789abcdef0123456789;Root=1-67891233-abcdef012345678912345678"
        answers = [buyer.get("/api/v1/products", headers={"X-Amzn-Trace-Id": balancer}) for _ in range(30)]
        wished = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        answers.append(buyer.get("/api/v1/products", headers={"traceparent": wished}))
        parents = [tracing.parse_traceparent(each.header("traceparent")) for each in upstream.received]
        sampled = {each.span_id for each in parents if each is not None and each.is_sampled}

        spans = collector.wait_for(2 * len(sampled))
        assert 1 <= len(sampled) < len(parents) == 31
        assert {each.trace_id for each in parents[:30] if each is not None} == {"67891233abcdef012345678912345678"}
        client = [each for each in spans if each.kind == Span.SPAN_KIND_CLIENT]
        server = [each for each in spans if each.kind == Span.SPAN_KIND_SERVER]
        assert {each.span_id.hex() for each in client} == sampled
        assert {each.parent_span_id for each in client} == {each.span_id for each in server}
        assert {each.name for each in server} == {"GET /api/v1/products"}
        assert collector.services == {"gateway"}
        told = [
            tracing.parse_traceparent(each.headers["traceresponse"])
            for each in answers
            if "traceresponse" in each.headers
        ]
        assert {each.span_id for each in told if each is not None} == {each.span_id.hex() for each in server}


def test_without_tracing_neither_the_exporter_nor_boto3_is_loaded(redis_url: str):
    # redis-py itself loads opentelemetry.sdk.metrics wherever that is installed.
    script = (
        "import sys\n"
        "from services.gateway.app import create_app\n"
        "create_app()\n"
        "import services.orders.app, shared.events.worker, shared.events.jobs\n"
        "unwanted = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'boto3', 'shared.observe.metrics_emf')\n"
        "print([name for name in unwanted if name in sys.modules])\n"
    )
    environment = {"REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert run.stdout.strip() == "[]"
