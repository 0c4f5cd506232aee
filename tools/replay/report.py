"""What the replay prints at its end, and the files it leaves for a closer look."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from shared.base.money import exponent, major_units
from tools.replay.catalog import CURRENCY
from tools.replay.planned import LeftOut
from tools.replay.reconcile import DayTotals, OrderFacts, Reconciliation
from tools.replay.timings import Timings
from tools.replay.trading import Failure

SHOWN = 20
MONEY = frozenset({"ordered", "captured", "refunded"})


def reconciliation_table(outcome: Reconciliation) -> list[str]:
    """Return one line per day that agrees, two (file, platform) per day that does not, and the totals."""
    lines = [_table_line("day", [each.name for each in fields(DayTotals)], "")]
    for day in sorted(outcome.file_days.keys() | outcome.platform_days.keys()):
        lines += _compared(day, outcome.file_days.get(day), outcome.platform_days.get(day))
    total_in_file = sum(outcome.file_days.values(), DayTotals())
    lines += _compared("total", total_in_file, sum(outcome.platform_days.values(), DayTotals()))
    return lines


def difference_lines(outcome: Reconciliation) -> list[str]:
    """Name the orders that differ, the first SHOWN of them."""
    lines = [
        f"  {company} {reference}: file {_facts(in_file)}; platform {_facts(on_platform)}"
        for (company, reference), (in_file, on_platform) in list(outcome.differences.items())[:SHOWN]
    ]
    if len(outcome.differences) > SHOWN:
        lines.append(f"  … and {len(outcome.differences) - SHOWN:,} more")
    return lines


def left_out_lines(left_out: Iterable[LeftOut]) -> list[str]:
    """Count what was left out by reason, with its units and money."""
    by_reason: dict[str, list[LeftOut]] = defaultdict(list)
    for entry in left_out:
        by_reason[entry.reason].append(entry)
    return [
        f"  {len(entries):6,} rows  {sum(abs(entry.quantity) for entry in entries):9,} units  "
        f"{_money(sum(entry.amount for entry in entries)):>14}  {reason}"
        for reason, entries in sorted(by_reason.items(), key=lambda pair: -len(pair[1]))
    ]


def latency_lines(timings: Timings) -> list[str]:
    lines = [f"  {'call':<16} {'calls':>7} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"]
    lines += [
        f"  {each.kind:<16} {each.calls:7,} {each.p50:8.1f} {each.p95:8.1f} {each.p99:8.1f}"
        for each in timings.latencies()
    ]
    retries = timings.retries()
    if retries:
        lines.append("  retried: " + ", ".join(f"{times:,} x {reason}" for reason, times in sorted(retries.items())))
    return lines


def failure_lines(failures: Sequence[Failure]) -> list[str]:
    lines = [f"  {failure.company} {failure.reference}: {failure.reason}" for failure in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(f"  … and {len(failures) - SHOWN:,} more")
    return lines


def write_files(folder: Path, left_out: Sequence[LeftOut], outcome: Reconciliation) -> None:
    """Leave the full lists of left-out rows and of differing orders in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "left-out.csv", [each.name for each in fields(LeftOut)], map(astuple, left_out))
    _write(
        folder / "differences.csv",
        ["company", "reference", "file", "platform"],
        ((*key, _facts(in_file), _facts(on_platform)) for key, (in_file, on_platform) in outcome.differences.items()),
    )


def _write(path: Path, heading: list[str], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        writer.writerows(rows)


def _compared(day: str, in_file: DayTotals | None, on_platform: DayTotals | None) -> list[str]:
    if in_file == on_platform:
        return [_table_line(day, _cells(in_file), "equal")]
    return [_table_line(day, _cells(in_file), "file"), _table_line("", _cells(on_platform), "PLATFORM DIFFERS")]


def _cells(totals: DayTotals | None) -> list[str]:
    totals = totals or DayTotals()
    return [
        _money(getattr(totals, each.name)) if each.name in MONEY else f"{getattr(totals, each.name):,}"
        for each in fields(totals)
    ]


def _table_line(day: str, cells: Iterable[str], remark: str) -> str:
    widths = (8, 9, 11, 16, 16, 14)
    return f"{day:<11}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)) + f"  {remark}"


def _money(minor: int) -> str:
    return f"{major_units(minor, CURRENCY):,.{exponent(CURRENCY)}f}"


def _facts(facts: OrderFacts | None) -> str:
    if facts is None:
        return "none"
    refunds = "".join(f", refunded {_money(amount)} on {day}" for day, amount in facts.refunds)
    return (
        f"{facts.ordered_on} {facts.lines} lines, {facts.units} units, {_money(facts.ordered)}, "
        f"captured {_money(facts.captured)}{refunds}"
    )
