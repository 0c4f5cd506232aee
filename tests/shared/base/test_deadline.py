"""The remaining time: it shrinks, it ends, and nobody's header can break it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base import deadline


class TestStart:
    def test_only_ever_shrinks(self):
        with deadline.start(1.0):
            with deadline.start(30.0):
                assert 0.5 < deadline.remaining(99) <= 1.0
            with deadline.start(0.1):
                assert deadline.remaining(99) <= 0.1
            assert deadline.remaining(99) > 0.5

    def test_leaves_nothing_behind(self):
        with deadline.start(1.0):
            pass

        assert deadline.remaining(7.0) == 7.0
        assert not deadline.expired()

    def test_says_that_time_is_over(self):
        with deadline.start(0.0):
            assert deadline.expired()
            assert deadline.remaining(5) == 0.0
            with pytest.raises(deadline.DeadlineExceeded) as refusal:
                deadline.check()

        assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (503, "1")

    def test_shortens_what_may_take_longer(self):
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
    def test_takes_anything_else_for_absent(self, value):
        assert deadline.parse(value) is None

    @given(st.text(max_size=30))
    def test_never_fails(self, value):
        granted = deadline.parse(value)

        assert granted is None or 0 <= granted <= deadline.LONGEST_SECONDS

    @given(st.floats(min_value=0.001, max_value=60))
    def test_grants_the_next_hop_less_than_we_have(self, seconds):
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

    def test_gives_the_request_the_callers_time(self):
        status, _, seen = self.serve("250")

        assert status == "200 OK"
        assert 0.2 < seen[0] <= 0.25
        assert deadline.remaining(99) == 99

    def test_gives_a_default_to_a_caller_that_names_none(self):
        assert 2.5 < self.serve("soon", default_seconds=3.0)[2][0] <= 3.0

    def test_does_not_begin_what_is_too_late(self):
        status, body, seen = self.serve("0")

        assert status.startswith("503")
        assert orjson.loads(body)["type"] == "/problems/deadline-exceeded"
        assert seen == []
