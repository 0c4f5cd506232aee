"""`python -m tools.image build | check | push`."""

from __future__ import annotations

import os
import signal
import sys

from tools.image.building import build, current_revision
from tools.image.engine import choose_engine
from tools.image.refusal import ImageRefused


def main(arguments: list[str]) -> int:
    """Run the given command; return the exit status, and print the reason when it is not 0."""
    try:
        return COMMANDS[arguments[0]]()
    except ImageRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1


def _build() -> int:
    build(
        choose_engine(os.environ.get("ENGINE", "")),
        "tradepost:latest",
        current_revision(),
        base=os.environ.get("BASE", ""),
    )
    return 0


def _check() -> int:
    from tools.image.check import check

    # A stopped check removes its scratch folder too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    faults = check()
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"image: {len(faults)} faults")
    return 1 if faults else 0


def _push() -> int:
    from tools.image.push import push

    return push()


COMMANDS = {"build": _build, "check": _check, "push": _push}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
