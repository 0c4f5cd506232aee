"""CloudWatch EMF lines: they follow the specification and have the same values as /metrics."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.base.errors import SettingsInvalid
from shared.base.settings import ServiceSettings
from shared.observe.metrics import counter, exposition, histogram, record_with
from shared.observe.metrics_emf import MOST_SETS, EmfMetrics

ROOT = Path(__file__).parents[3]
UNITS = {"Seconds", "Count", "Bytes", "None"}


class Lines(list[dict[str, Any]]):
    """The lines written, each checked against the specification's rules."""

    def write(self, line: bytes) -> None:
        assert b"\n" not in line
        self.append(keep_to_the_specification(json.loads(line)))

    def total(self, name: str, **dimensions: str) -> float:
        """Return the Sum that CloudWatch would show for these dimensions and the two common ones."""
        wanted = {"Environment", "Service", *dimensions}
        return sum(
            _sum(line[name])
            for line in self
            for directive in line["_aws"]["CloudWatchMetrics"]
            if name in line
            and any(set(each) == wanted for each in directive["Dimensions"])
            and all(line[key] == value for key, value in dimensions.items())
        )


def _sum(value: Any) -> float:
    if not isinstance(value, dict):
        return float(value)
    return sum(each * count for each, count in zip(value["Values"], value["Counts"], strict=True))


def keep_to_the_specification(line: dict[str, Any]) -> dict[str, Any]:
    assert set(line["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(line["_aws"]["Timestamp"], int)
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 1024
        assert 1 <= len(directive["Metrics"]) <= 100
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            assert all(isinstance(line[name], str) and 1 <= len(line[name]) <= 1024 for name in dimensions)
        for metric in directive["Metrics"]:
            assert metric["Unit"] in UNITS
            _check_value(line[metric["Name"]])
    return line


def _check_value(value: Any) -> None:
    if isinstance(value, dict):
        assert set(value) == {"Values", "Counts"}
        assert 1 <= len(value["Values"]) == len(value["Counts"]) <= 100
    else:
        assert isinstance(value, int | float)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def metrics(lines: Lines) -> Iterator[EmfMetrics]:
    recorder = EmfMetrics("test", "orders", lines.write)
    record_with(recorder)
    yield recorder
    record_with(None)


class TestLines:
    def test_have_the_same_values_as_the_metrics_page(self, metrics, lines):
        value = counter("emf_value_minor_units_total", "Value.", ["currency"])
        placed = counter("emf_placed_total", "Placed.")
        seconds = histogram("emf_duration_seconds", "Time.", ["upstream"])
        for amount in (1200, 34):
            value.labels("EUR").inc(amount)
        placed.inc()
        for taken in (0.25, 0.5, 0.5):
            seconds.labels("users").observe(taken)
        metrics.flush()

        page = exposition()[0].decode()
        assert 'emf_value_minor_units_total{currency="EUR"} 1234.0' in page
        assert lines.total("emf_value_minor_units_total", currency="EUR") == 1234
        assert "emf_placed_total 1.0" in page
        assert lines.total("emf_placed_total") == 1
        assert 'emf_duration_seconds_sum{upstream="users"} 1.25' in page
        assert lines.total("emf_duration_seconds", upstream="users") == 1.25
        assert lines.total("emf_duration_seconds") == 1.25

    def test_name_environment_and_service(self, metrics, lines):
        counter("emf_named_total", "Named.").inc()
        metrics.flush()

        (line,) = lines
        assert (line["Environment"], line["Service"]) == ("test", "orders")
        assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Tradepost"

    def test_never_sum_currencies(self, metrics, lines):
        counter("emf_worth_minor_units_total", "Worth.", ["currency"]).labels("EUR").inc(5)
        metrics.flush()

        assert lines.total("emf_worth_minor_units_total") == 0

    def test_have_each_change_once(self, metrics, lines):
        counter("emf_once_total", "Once.").inc()
        metrics.flush()
        metrics.flush()

        assert lines.total("emf_once_total") == 1

    def test_count_requests_by_class_of_status(self, metrics, lines):
        for status in ("500", "503"):
            metrics.observe("http_request_duration_seconds", ("method", "route", "status"), ("GET", "/x", status), 2.0)
        metrics.flush()

        assert lines.total("http_request_duration_seconds", status="5xx") == 4.0
        assert lines.total("http_request_duration_seconds") == 4.0

    def test_spread_many_values_over_several_lines(self, metrics, lines):
        for step in range(1, 400):
            metrics.observe("emf_wide_seconds", (), (), step / 100)
        metrics.flush()

        assert len(lines) > 1
        assert lines.total("emf_wide_seconds") == pytest.approx(sum(range(1, 400)) / 100, rel=0.02)

    def test_keep_few_sets_of_dimensions(self, metrics, lines):
        for number in range(MOST_SETS + 7):
            metrics.add("emf_many_total", ("kind",), (f"kind{number}",), 1)
        metrics.flush()

        assert lines.total("emf_many_total", kind="other") == 7
        assert lines.total("emf_many_total") == MOST_SETS + 7

    def test_do_not_repeat_in_a_forked_child_the_parents_values(self, metrics, lines):
        metrics.add("emf_forked_total", (), (), 1)
        child = os.fork()
        if not child:
            metrics.flush()
            os._exit(len(lines))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


WEB = """
import sys
from flask import Flask
from shared.observe.observability import configure_observability, observe_requests
from shared.base.settings import ObservedSettings
def create_app():
    app = Flask("tiny")
    configure_observability("tiny", ObservedSettings.from_env())
    app.add_url_rule("/hello", "hello", lambda: "hello")
    observe_requests(app)
    return app
"""


class TestServing:
    def test_writes_the_last_lines_when_gunicorn_stops(self, tmp_path: Path):
        (tmp_path / "tiny_web.py").write_text(WEB)
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "METRICS_BACKEND": "emf"}
        environment |= {"BIND": f"unix:{tmp_path}/web", "WEB_WORKERS": "2", "TRADEPOST_ENV": "test"}
        command = [sys.executable, "-m", "gunicorn", "-c", "python:shared.web.gunicorn", "tiny_web:create_app()"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=ROOT) as server:
            try:
                statuses = [_get(tmp_path / "web", target) for target in ["/hello"] * 6 + ["/metrics"]]
            finally:
                server.send_signal(signal.SIGTERM)
            written = server.communicate(timeout=20)[0]

        assert statuses == [200] * 6 + [404]
        lines = Lines()
        for line in written.splitlines():
            if b'"_aws"' in line:
                lines.write(line)
        counted = sum(sum(each["http_request_duration_seconds"]["Counts"]) for each in lines)
        assert counted == 6
        assert {(each["Environment"], each["Service"], each["status"]) for each in lines} == {("test", "tiny", "2xx")}

    def test_refuses_a_backend_that_does_not_exist(self):
        with pytest.raises(SettingsInvalid, match="METRICS_BACKEND is 'statsd'; it must be one of prometheus, emf"):
            ServiceSettings.from_env({"REDIS_URL": "redis://x", "METRICS_BACKEND": "statsd"})


def _get(path: Path, target: str) -> int:
    for _ in range(200):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(path))
            except OSError:
                time.sleep(0.05)
                continue
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return int(connection.makefile("rb").readline().split()[1])
    raise AssertionError("gunicorn did not start")
