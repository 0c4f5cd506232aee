"""`python -m tools.replay FILE`: replays a wholesaler's trade against the running platform and reconciles it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from shared.base.workloads import BY_NAME
from tools.replay.api import Api, Refused, Stopped, Unreachable
from tools.replay.options import Options
from tools.replay.plan import ReplayPlan, plan_replay
from tools.replay.preparing import ImportFailed
from tools.replay.progress import Progress
from tools.replay.reading import UnreadableFile, read_rows
from tools.replay.run import Replay, print_outcome

EQUAL, DIFFERENT, NOT_RUN, STOPPED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one replay; returns 0 when equal, 1 when different, 2 when it could not run, 130 when stopped."""
    arguments = _arguments(argv)
    progress = Progress()
    try:
        plan = plan_replay(read_rows(arguments.file))
    except UnreadableFile as cause:
        print(cause, file=sys.stderr)
        return NOT_RUN
    progress.say(_summary(arguments.file, plan))
    api = Api(arguments.gateway, connections=arguments.threads + 2)
    options = Options(threads=arguments.threads, patience_seconds=arguments.patience, folder=arguments.folder)
    try:
        with _stopped_by_signals(api):
            outcome = Replay(api, plan, progress, options).run()
    except Stopped:
        progress.say("stopped; the same command goes on from here and does nothing twice")
        return STOPPED
    except (Refused, Unreachable, ImportFailed) as cause:
        progress.say(f"ended early: {cause}; the same command goes on from here")
        return NOT_RUN
    finally:
        api.close()
    print_outcome(outcome, plan, api, progress, options.folder)
    return EQUAL if outcome.is_equal else DIFFERENT


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.replay", description=__doc__)
    parser.add_argument("file", type=Path, help="the trade, as .csv or .csv.xz")
    parser.add_argument("--gateway", default=_local_gateway(), help="address of the gateway (%(default)s)")
    parser.add_argument("--threads", type=int, default=12, help="companies served at once (%(default)s)")
    parser.add_argument("--folder", type=Path, default=Options().folder, help="where the full lists go (%(default)s)")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds to wait for an event (%(default)s)")
    return parser.parse_args(argv)


def _local_gateway() -> str:
    port = (BY_NAME["gateway"].port or 0) + int(os.environ.get("PORT_OFFSET", "0"))
    return f"http://127.0.0.1:{port}"


def _summary(file: Path, plan: ReplayPlan) -> str:
    orders, lines, returns = 0, 0, sum(1 for _ in plan.returns())
    for order in plan.orders():
        orders, lines = orders + 1, lines + len(order.lines)
    return (
        f"{file.name}: {plan.rows_read:,} rows, {orders:,} orders of {lines:,} lines, {returns:,} returns, "
        f"{len(plan.companies):,} companies, {len(plan.products):,} products, {len(plan.left_out):,} left out"
    )


@contextmanager
def _stopped_by_signals(api: Api) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        api.stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
