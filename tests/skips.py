"""Prints, as the last line of a run, how many tests were skipped and why: a skipped test looks like a passed one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest


def pytest_unconfigure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not config.option.collectonly:
        reporter.write_line(summary(_reason(report) for report in reporter.stats.get("skipped", ())))


def summary(reasons: Iterable[str]) -> str:
    """Return the line: the number of skipped tests, and the number for each reason, the most frequent first."""
    counted = Counter(reasons)
    if not counted:
        return "No test was skipped."
    named = "; ".join(f"{count} x {reason}" for reason, count in counted.most_common())
    return f"{counted.total()} skipped: {named}"


def _reason(report: Any) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
    return str(text).removeprefix("Skipped: ")
