"""`python -m tests.tools.run_tiny up`: the real supervisor on the tiny platform."""

from __future__ import annotations

import sys

from shared.base.workloads import Kind, Workload
from tools.up.__main__ import main

WORKLOADS = (
    Workload("tiny", Kind.WEB, "tests.tools.tiny", port=8080, threads=2),
    Workload("second", Kind.WEB, "tests.tools.tiny", port=8081, threads=2),
    Workload("scheduler", Kind.SCHEDULER, "tests.tools.tiny.idle"),
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], WORKLOADS, "tests.tools.run_tiny"))
