"""The reference: the gateway's own health, in the same run, and the cost of everything else relative to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from locust import FastHttpUser, constant, events, task

REFERENCE = "reference: gateway health"
GATEWAY = os.environ.get("LOCUST_HOST") or f"http://127.0.0.1:{8080 + int(os.environ.get('PORT_OFFSET') or 0)}"


class Reference(FastHttpUser):
    """One client that requests the gateway's health ten times a second during the whole run."""

    host = GATEWAY
    fixed_count = 1
    wait_time = constant(0.1)

    @task
    def request_health(self) -> None:
        self.client.get("/health/live", name=REFERENCE)


@events.quitting.add_listener
def print_ratios(environment: Any, **_: Any) -> None:
    """Print each call's mean latency as a multiple of the reference's: absolute figures move with the machine."""
    # Locust imports this file again when it is given the whole folder; the table is wanted once.
    if not getattr(environment, "ratios_are_printed", False):
        environment.ratios_are_printed = True
        sys.stdout.write("\n" + "\n".join(ratio_lines(environment.stats.entries)) + "\n")


def ratio_lines(entries: Mapping[tuple[str, str], Any]) -> list[str]:
    """Return a table of Locust's statistics, one line per call; entries are keyed by (name, method)."""
    reference = entries.get((REFERENCE, "GET"))
    if reference is None or not reference.num_requests:
        return ["No reference: the gateway's health was never answered."]
    yardstick = reference.avg_response_time
    lines = [f"{'call':<44}{'calls':>8}{'req/s':>8}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'mean / reference':>18}"]
    for (name, method), entry in sorted(entries.items()):
        p50, p95, p99 = (entry.get_response_time_percentile(share) for share in (0.5, 0.95, 0.99))
        lines.append(
            f"{method + ' ' + name:<44}{entry.num_requests:>8,}{entry.total_rps:>8.1f}"
            f"{p50:>8.0f}{p95:>8.0f}{p99:>8.0f}{entry.avg_response_time / yardstick:>17.1f}x"
        )
    return lines
