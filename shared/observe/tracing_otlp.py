"""Export of spans to X-Ray: OpenTelemetry sends them in batches to the collector beside the task."""

from __future__ import annotations

import atexit
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from shared.observe.tracing import Span

QUEUED_SPANS = 2048
BATCH_SPANS = 512
PAUSE_MS = 1000
EXPORT_SECONDS = 2
_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "consumer": SpanKind.CONSUMER}


class SpanSender:
    """
    Queues finished spans for a thread that sends them in batches; a full queue drops the oldest.

    OTEL_EXPORTER_OTLP_ENDPOINT names the collector (default http://localhost:4318).
    """

    def __init__(self, environment: str, service: str) -> None:
        self._resource = Resource({"service.name": service, "deployment.environment.name": environment})
        self._batches = BatchSpanProcessor(
            OTLPSpanExporter(timeout=EXPORT_SECONDS),
            max_queue_size=QUEUED_SPANS,
            schedule_delay_millis=PAUSE_MS,
            max_export_batch_size=BATCH_SPANS,
            export_timeout_millis=EXPORT_SECONDS * 1000,
        )
        atexit.register(self.stop)

    def send(self, span: Span) -> None:
        """Queue one span; its end is now."""
        ended_at = time.time_ns()
        self._batches.on_end(
            ReadableSpan(
                name=span.name,
                context=span.trace.context,
                parent=span.trace.parent,
                resource=self._resource,
                attributes=span.attributes,
                kind=_KINDS[span.kind],
                status=Status(StatusCode.ERROR if span.has_failed else StatusCode.UNSET),
                start_time=ended_at - int(span.seconds * 1e9),
                end_time=ended_at,
            )
        )

    def stop(self) -> None:
        """Send the queued spans; an unavailable collector costs two seconds per batch."""
        self._batches.shutdown()  # type: ignore[no-untyped-call]
