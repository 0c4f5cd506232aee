"""Deadlines: only shortened, exceeded in time, and safe against any header value."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base import deadline


class TestStart:
    def test_can_only_be_shortened(self):
        with deadline.start(1.0):
            with deadline.start(30.0):
                assert 0.5 < deadline.remaining(99) <= 1.0
            with deadline.start(0.1):
                assert deadline.remaining(99) <= 0.1
            assert deadline.remaining(99) > 0.5

    def test_restores_the_former_deadline(self):
        with deadline.start(1.0):
            pass

        assert deadline.remaining(7.0) == 7.0
        assert not deadline.expired()

    def test_raises_deadline_exceeded(self):
        with deadline.start(0.0):
            assert deadline.expired()
            assert deadline.remaining(5) == 0.0
            with pytest.raises(deadline.DeadlineExceeded) as refusal:
                deadline.check()

        assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (503, "1")

    def test_shortens_a_longer_timeout(self):
        with deadline.start(1.0):
            assert deadline.within(0.2) == 0.2
            assert deadline.within(5.0) <= 1.0


class TestHeader:
    @pytest.mark.parametrize(
        ("value", "seconds"), [("1500", 1.5), ("0", 0.0), ("007", 0.007), ("999999999", 60.0), ("9" * 5000, 60.0)]
    )
    def test_reads_whole_milliseconds_up_to_a_minute(self, value, seconds):
        assert deadline.parse(value) == seconds

    @pytest.mark.parametrize("value", [None, "", "-5", "+5", "1.5", "1e3", " 5", "5,5", "٣", "²", "nan", "0x10"])
    def test_ignores_malformed_values(self, value):
        assert deadline.parse(value) is None

    @given(st.text(max_size=30))
    def test_accepts_any_text(self, value):
        granted = deadline.parse(value)

        assert granted is None or 0 <= granted <= deadline.LONGEST_SECONDS

    @given(st.floats(min_value=0.001, max_value=60))
    def test_gives_the_next_hop_less_time(self, seconds):
        granted = deadline.parse(deadline.header_value(seconds))

        assert granted is not None
        assert granted <= max(seconds, 0.001)


class TestMiddleware:
    def serve(self, header: str | None, **options: Any) -> tuple[str, bytes, list[float]]:
        seen: list[float] = []
        statuses: list[str] = []

        def app(environ: Any, start_response: Any) -> list[bytes]:
            seen.append(deadline.remaining(99))
            start_response("200 OK", [])
            return [b"done"]

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            statuses.append(status)

        environ = {} if header is None else {"HTTP_X_DEADLINE_MS": header}
        body = b"".join(deadline.Middleware(app, **options)(environ, start_response))
        return statuses[0], body, seen

    def test_sets_the_deadline_of_the_caller(self):
        status, _, seen = self.serve("250")

        assert status == "200 OK"
        assert 0.2 < seen[0] <= 0.25
        assert deadline.remaining(99) == 99

    def test_sets_the_default_deadline_without_a_header(self):
        assert 2.5 < self.serve("soon", default_seconds=3.0)[2][0] <= 3.0

    def test_answers_503_after_the_deadline(self):
        status, body, seen = self.serve("0")

        assert status.startswith("503")
        assert orjson.loads(body)["type"] == "/problems/deadline-exceeded"
        assert seen == []
