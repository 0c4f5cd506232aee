"""
`make lighthouse`: run Lighthouse on ten pages of both portals of the running platform.

Accessibility, best practices and SEO must be 100 on each page. Performance is a measurement of this machine at this
moment: it is printed, and demanded only with `--performance 100`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any

from tests.addresses import address_of
from tests.browser import NO_BROWSER, find_browser
from tests.lighthouse.pages import Addresses, chromium, make_order, pages_behind_the_sign_in, public_pages, sign_in
from tests.node import package_file, run_node
from tools.demo.people import ADMIN, BUYER

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
BEST = 100
# A busy machine can lose the begin of a trace.
ATTEMPTS = 3


@dataclass(frozen=True)
class Report:
    """Lighthouse's scores of one page by category, and the audits below the best score."""

    url: str
    scores: dict[str, int]
    faults: list[str]

    def line(self) -> str:
        return "  ".join(f"{self.scores[each]:>4}" for each in CATEGORIES) + f"  {self.url}"


def main() -> int:
    """Look at every page; return 1 when one of them has less than the demanded scores."""
    parser = argparse.ArgumentParser(prog="python -m tests.lighthouse", description=__doc__)
    parser.add_argument("--performance", type=int, default=0, help="the performance that each page must reach")
    demanded = dict.fromkeys(CATEGORIES, BEST) | {"performance": parser.parse_args().performance}
    browser = find_browser() or sys.exit(NO_BROWSER)
    at = Addresses(*map(address_of, ("gateway", "customer", "admin")))
    things = make_order(at)
    say("  ".join(CATEGORIES))
    with chromium(browser) as (context, port):
        reports = [look_at(url, port) for url in public_pages(at)]
        sign_in(context, at.customer, BUYER)
        sign_in(context, at.admin, ADMIN)
        reports += [look_at(url, port) for url in pages_behind_the_sign_in(at, things)]
    poor = [each for each in reports if any(each.scores[name] < least for name, least in demanded.items())]
    for report in poor:
        sys.stdout.write(f"\n{report.url}\n" + "".join(f"  {fault}\n" for fault in report.faults))
    return int(bool(poor))


def look_at(url: str, port: int) -> Report:
    """Run Lighthouse on one page and print its scores; a page that could not be traced is loaded again."""
    for _ in range(ATTEMPTS):
        finished = run_lighthouse(url, port)
        if not finished.returncode:
            report = read_report(json.loads(finished.stdout))
            say(report.line())
            return report
    sys.exit(f"Lighthouse failed on {url}: {finished.stderr[-2000:]}")


def run_lighthouse(url: str, port: int) -> CompletedProcess[str]:
    """Look at a page as on a desktop with 10 Mbit/s, which Lighthouse computes: the portals are used in offices."""
    return run_node(
        package_file("lighthouse/cli/index.js"),
        url,
        *("--port", str(port)),
        *("--preset", "desktop"),
        *("--only-categories", ",".join(CATEGORIES)),
        *("--output", "json", "--quiet", "--no-enable-error-reporting"),
    )


def read_report(result: dict[str, Any]) -> Report:
    """Return what Lighthouse's JSON says: a score of each category, and why it is not the best."""
    categories = {name: result["categories"][name] for name in CATEGORIES}
    scores = {name: round(BEST * (category["score"] or 0)) for name, category in categories.items()}
    counted = {each["id"] for category in categories.values() for each in category["auditRefs"] if each["weight"]}
    faults = [
        f"{name}: {audit['title']} {audit.get('displayValue', '')}"
        for name, audit in result["audits"].items()
        if name in counted and audit["score"] is not None and audit["score"] < 1
    ]
    return Report(result["finalDisplayedUrl"], scores, faults)


def say(words: str) -> None:
    """Print a line at once: a run takes minutes."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
