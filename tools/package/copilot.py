"""The real Copilot binary, run against the emulator with nothing inherited from this machine but PATH."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.package.emulator import Emulator
from tools.package.workspace import Workspace

BINARY = Path(sys.executable).parent / "copilot"
TIMEOUT_SECONDS = 120
ATTEMPTS = 3
# Colours and the cross that Copilot puts before a refusal.
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|^✘ ", re.MULTILINE)
# The release's tag: the image is named by digest, so nothing of the workload carries it.
_TAG = "rehearsal"


@dataclass(frozen=True)
class Copilot:
    """The binary in a workspace; `values` are the ${NAMES} of its manifests."""

    workspace: Workspace
    aws: Emulator
    values: Mapping[str, str]

    def package_environment(self, name: str, out: Path) -> str:
        """Render an environment and its addons into `out`; return what Copilot refuses, or nothing."""
        return self._refusal(["env", "package", "--name", name, "--upload-assets"], out)

    def package_workload(self, noun: str, name: str, environment: str, out: Path) -> str:
        """Render a service or job into `out`; return what Copilot refuses, or nothing."""
        what = [noun, "package", "--name", name, "--env", environment, "--tag", _TAG, "--upload-assets"]
        return self._refusal(what, out)

    def package_pipeline(self, name: str, out: Path) -> str:
        """Render a pipeline into `out`; return what Copilot refuses, or nothing."""
        # There is no `pipeline package`; the difference to no stack is the whole template, and a closed stdin
        # answers the question that follows it.
        done = self._run(["pipeline", "deploy", "--name", name, "--diff"])
        if "Continue with the deployment?" not in done.stderr:
            return _sentence(done.stderr)
        lines = [line[2:] for line in done.stdout.splitlines() if line.startswith("+ ")]
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{name}.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ""

    def _refusal(self, arguments: list[str], out: Path) -> str:
        done = self._run([*arguments, "--output-dir", str(out)])
        return "" if done.returncode == 0 else _sentence(done.stderr or done.stdout)

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        command = [str(BINARY), *arguments, "--app", self.workspace.app]
        environment = {**self.aws.environment(), **self.values}
        done = _run(command, self.workspace.root, environment)
        for _ in range(ATTEMPTS - 1):
            # Moto's proxy was seen to do so once in some 5,000 calls.
            if "connection reset by peer" not in done.stderr:
                break
            done = _run(command, self.workspace.root, environment)
        return done


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=dict(environment),
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def _sentence(output: str) -> str:
    """Return the reason out of what Copilot printed, without its advice to upgrade or its notes."""
    lines = [line.strip() for line in _DECORATION.sub("", output).splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("Note:", "Recommended")))
