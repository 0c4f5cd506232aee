"""The replay from end to end: prepare, trade, settle, reconcile, report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.replay import report
from tools.replay.api import Api
from tools.replay.identity import ActingFor, SignedIn
from tools.replay.known import KnownOrder
from tools.replay.options import Options
from tools.replay.plan import ReplayPlan
from tools.replay.planned import PlannedOrder, Step
from tools.replay.preparing import OrderKey, Preparation
from tools.replay.progress import Progress
from tools.replay.reconcile import Reconciliation, days_of, file_facts, reconcile
from tools.replay.schedule import Schedule
from tools.replay.settling import Settlement
from tools.replay.trading import CompanyTrade, Failure


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended."""

    reconciliation: Reconciliation
    failures: list[Failure]

    @property
    def is_equal(self) -> bool:
        return self.reconciliation.is_equal and not self.failures


class Replay:
    """One run of one plan; stopped and started again it does nothing twice."""

    def __init__(self, api: Api, plan: ReplayPlan, progress: Progress, options: Options) -> None:
        self._api, self._plan, self._progress, self._options = api, plan, progress, options
        self._admin = SignedIn(api, options.admin, options.password)
        self._rep = SignedIn(api, options.rep, options.password)

    def run(self) -> Outcome:
        preparation = Preparation(self._api, self._admin, self._plan, self._progress, self._options)
        company_ids = preparation.companies()
        known = preparation.known_orders(company_ids)
        preparation.products(known)
        failures = self._trade(company_ids, known)
        settlement = Settlement(self._api, self._admin, self._progress, company_ids, days_of(self._plan))
        on_platform = settlement.facts(self._options)
        return Outcome(reconcile(file_facts(self._plan), on_platform), failures)

    def _trade(self, company_ids: Mapping[str, str], known: Mapping[OrderKey, KnownOrder]) -> list[Failure]:
        self._progress.start_trading(
            orders=sum(1 for _ in self._plan.orders()), returns=sum(1 for _ in self._plan.returns())
        )
        by_company: dict[str, dict[str, KnownOrder]] = defaultdict(dict)
        for (company, reference), order in known.items():
            by_company[company][reference] = order
        # The longest first: one company's orders cannot be placed side by side.
        longest_first = sorted(self._plan.steps.items(), key=lambda entry: (-_size(entry[1]), entry[0]))
        trades = [
            CompanyTrade(
                company,
                steps,
                by_company[company],
                api=self._api,
                admin=self._admin,
                rep=ActingFor(self._api, self._rep, company_ids[company]),
                progress=self._progress,
                patience_seconds=self._options.patience_seconds,
            )
            for company, steps in longest_first
        ]
        Schedule(trades, self._options.ask_again_seconds).serve(self._options.threads)
        self._progress.finish_trading()
        return [failure for trade in trades for failure in trade.failures]


def print_outcome(outcome: Outcome, plan: ReplayPlan, api: Api, progress: Progress, folder: Path) -> None:
    """Print the reconciliation, what was left out, what failed and what the calls took."""
    report.write_files(folder, plan.left_out, outcome.reconciliation)
    sections = (
        ("Reconciliation, money in GBP", report.reconciliation_table(outcome.reconciliation)),
        ("Orders that differ", report.difference_lines(outcome.reconciliation)),
        ("Steps the platform did not take", report.failure_lines(outcome.failures)),
        (f"Left out, each row in {folder / 'left-out.csv'}", report.left_out_lines(plan.left_out)),
        ("Calls", report.latency_lines(api.timings)),
    )
    for title, lines in sections:
        if lines:
            print("", title, *lines, sep="\n")
    print(f"\n{progress.placed_here():,} orders placed by this run, {progress.orders_per_second():.1f} orders/s")
    print("The file and the platform are EQUAL." if outcome.is_equal else "The file and the platform DIFFER.")


def _size(steps: list[Step]) -> int:
    """Weigh a company's steps: a call costs about as much as a hundred lines."""
    return sum(100 + len(step.lines) if isinstance(step, PlannedOrder) else 100 for step in steps)
