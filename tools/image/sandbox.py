"""Runs a command in an unpacked image as Fargate would: its own user, a read-only root, only /tmp to write to."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A mount namespace of its own: the mounts end with the command. The shell becomes chroot, chroot the command.
SCRIPT = """
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind "$2" "$1/tmp"
root=$1; shift 2
exec chroot --userspec=10001:10001 "$root" "$@"
"""


@dataclass(frozen=True)
class Sandbox:
    """An unpacked image at `root`, its configuration, and the folder that is its volume /tmp."""

    root: Path
    config: Mapping[str, Any]
    volume: Path

    def command(self, words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """Return the line that runs `words` in the image's working folder with its variables and `environment`."""
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        started = ["env", "-i", *variables, "sh", "-c", f'cd {shlex.quote(self.config["WorkingDir"])}; exec "$@"']
        inside = [*started, "sh", *words]
        return ["unshare", "--mount", "sh", "-eu", "-c", SCRIPT, "sh", str(self.root), str(self.volume), *inside]

    def start(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start a workload; it is the process returned, which a signal reaches."""
        with log.open("ab") as said:
            return subprocess.Popen(self.command(words, environment), stdout=said, stderr=said, env=_clean())

    def run(self, words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and return what it said."""
        return subprocess.run(
            self.command(words, environment), capture_output=True, text=True, check=False, timeout=120, env=_clean()
        )


def _clean() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}
