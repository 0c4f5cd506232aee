"""The last line of a test run."""

from __future__ import annotations

from tests.skips import summary


class TestSummary:
    def test_counts_skips_by_reason(self) -> None:
        reasons = ["no rendered manifests", "no browser", "no rendered manifests"]
        assert summary(reasons) == "3 skipped: 2 x no rendered manifests; 1 x no browser"

    def test_says_that_nothing_was_skipped(self) -> None:
        assert summary([]) == "No test was skipped."
