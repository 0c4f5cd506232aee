"""Spans: exported only when sampled, in the trace of the request that caused the work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.calls.service_client import ServiceClient, UpstreamUnavailable
from shared.observe import tracing
from shared.observe.tracing import Span
from shared.observe.tracing_otlp import SpanSender

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = SAMPLED[:-1] + "0"


@pytest.fixture
def spans() -> Iterator[list[Span]]:
    told: list[Span] = []
    tracing.export_with(told.append)
    yield told
    tracing.export_with(None)


class TestResumedWork:
    def test_is_a_span_of_the_trace_that_caused_it(self, spans):
        with tracing.continued_trace({"traceparent": SAMPLED}, "orders.count_capture"):
            pass

        (span,) = spans
        assert (span.kind, span.name, span.has_failed) == ("consumer", "orders.count_capture", False)
        assert (span.trace.trace_id, span.trace.parent_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")

    def test_keeps_the_sampling_decision(self, spans):
        with tracing.continued_trace({"traceparent": SAMPLED}):
            assert tracing.trace_context()["traceparent"].endswith("-01")

    def test_marks_a_failure(self, spans):
        with pytest.raises(KeyError), tracing.continued_trace({"traceparent": SAMPLED}, "broken"):
            raise KeyError

        assert spans[0].has_failed

    @pytest.mark.parametrize("context", [{"traceparent": UNSAMPLED}, {}])
    def test_is_exported_only_when_sampled(self, spans, context):
        with tracing.continued_trace(context, "silent"):
            pass

        assert spans == []


class TestCalls:
    def test_are_spans_of_the_work_that_makes_them(self, spans):
        products = ServiceClient("http://127.0.0.1:9", service="products")
        with tracing.continued_trace({"traceparent": SAMPLED}, "asks"), pytest.raises(UpstreamUnavailable):
            products.post("/v1/anything")

        call, work = spans
        assert (call.kind, call.name, call.has_failed) == ("client", "products", True)
        assert call.trace.parent_id == work.trace.span_id


class TestEdge:
    def test_ignores_the_callers_sampled_flag(self):
        scope = tracing.begin_at_edge(None, SAMPLED, None)
        trace = tracing.current()
        tracing.end(scope)

        assert trace is not None
        assert (trace.trace_id, trace.is_sampled) == ("0af7651916cd43dd8448eb211c80319c", False)

    @pytest.mark.parametrize("balancer", [None, "", "Root=1-zz-1", "Sampled=1", "Root=1-67891233-abc;Sampled=1"])
    def test_starts_a_trace_for_a_malformed_balancer_header(self, balancer):
        scope = tracing.begin_at_edge(None, None, balancer)
        trace = tracing.current()
        tracing.end(scope)

        assert trace is not None
        assert len(trace.trace_id) == 32
        assert not trace.is_sampled


class TestSender:
    def test_drops_spans_of_an_unavailable_collector(self, monkeypatch):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        sender = SpanSender("test", "orders")
        trace = tracing.start_trace(SAMPLED)
        for _ in range(10):
            sender.send(Span(trace, "server", "GET /v1/orders", 0.01, False, {"http.route": "/v1/orders"}))

        sender.stop()
