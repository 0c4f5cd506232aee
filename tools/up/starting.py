"""`make up` in the foreground: the checks before, the supervisor, and one sentence when it cannot be."""

from __future__ import annotations

from collections.abc import Sequence

from shared.base.workloads import WORKLOADS, Workload
from tools.stores import StoreRefused
from tools.up import report
from tools.up.checks import StartRefused, check_aws, check_disk, check_ports, take_lock
from tools.up.commands import refuse
from tools.up.console import ConsolePrinter
from tools.up.places import Places
from tools.up.plan import make_plan
from tools.up.supervisor import Supervisor

# After a supervisor was killed, the kernel has just sent SIGTERM to its children.
ORPHAN_SECONDS = 10.0


def up(places: Places, workloads: Sequence[Workload] = WORKLOADS) -> int:
    """Run the platform in the foreground until it is stopped; return the exit status."""
    try:
        places.make()
        with take_lock(places):
            plan = make_plan(places, workloads)
            check_aws(plan.environment.get("AWS", ""))
            check_disk(places.data)
            left_behind = report.read_status(places)["phase"] != "stopped" and places.status.exists()
            check_ports(plan.ports(), patience=ORPHAN_SECONDS if left_behind else 0.0)
            Supervisor(plan, ConsolePrinter(places.log_of("supervisor"))).run()
    except (StartRefused, StoreRefused) as refused:
        return refuse(str(refused))
    except OSError as failure:
        return refuse(f"Tradepost cannot run here: {failure}. Free some space or fix the permissions, and try again.")
    return 0
