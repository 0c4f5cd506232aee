"""The command line behind `make up`, `down`, `reset`, `status`, `logs` and `config`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from shared.base.workloads import WORKLOADS, Workload
from tools.up import commands
from tools.up.places import Places
from tools.up.plan import make_plan


def main(arguments: Sequence[str], workloads: Sequence[Workload] = WORKLOADS, module: str = "tools.up") -> int:
    """Run one command; return the exit status. `module` is what a detached start runs again."""
    parser = argparse.ArgumentParser(prog="python -m tools.up", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "reset", "status", "logs", "config"])
    parser.add_argument("service", nargs="?", default="", help="whose log (default: all)")
    parser.add_argument("--detach", action="store_true", help="return once everything is healthy")
    parser.add_argument("--no-follow", action="store_true", help="show the end of the log and return")
    options = parser.parse_args(arguments)
    places = Places.from_env()
    match options.command:
        case "up" if options.detach:
            return commands.up_detached(places, [sys.executable, "-m", module, "up"])
        case "up":
            status: int = import_module("tools.up.starting").up(places, workloads)
            return status
        case "down":
            return commands.down(places)
        case "reset":
            return commands.reset(places)
        case "status":
            return commands.status(places)
        case "logs":
            return commands.show_logs(places, options.service, follow=not options.no_follow)
    # Starting and describing load the libraries; the other commands answer at once without them.
    sys.stdout.write(import_module("tools.up.configuration").describe(make_plan(places)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
