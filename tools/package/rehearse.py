"""
Follow docs/deploy.md literally against moto: every ```sh block is run, in order, in one folder and environment.

A block tagged ```sh account needs a real account (a registry, a certificate, a running task): it is printed as
skipped. Any other language is prose. A block that fails ends the rehearsal.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.package.emulator import emulated_aws
from tools.package.values import REHEARSAL

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(?P<tag>[^\n`]*)\n(?P<text>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
RUN, SKIPPED = "sh", "sh account"
REGION_NAMES = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is where its commands begin, counted from 1."""

    tag: str
    line: int
    text: str


def blocks(document: str) -> Iterator[Block]:
    """Yield the blocks that hold commands, in order."""
    for found in _BLOCK.finditer(document):
        tag = " ".join(found["tag"].split())
        if tag in (RUN, SKIPPED):
            yield Block(tag, document[: found.start("text")].count("\n") + 1, found["text"])


def rehearse(document: Path, folder: Path) -> int:
    """Run a document's commands in `folder` against an empty moto; return the exit status of the first that fails."""
    with emulated_aws(domain=REHEARSAL["DOMAIN"]) as aws:
        # A reader's environment whose AWS is moto: no credential or setting of this machine is inherited.
        environment = {**aws.environment(), "AWS_PAGER": "", **REHEARSAL}
        # The region comes from the document, so that every program of the guide gets it there.
        readers = {name: value for name, value in environment.items() if name not in REGION_NAMES}
        status = _run_all(document, folder, readers, aws.home / "exported")
        if status == 0:
            _report(folder, environment)
        return status


def _run_all(document: Path, folder: Path, environment: Mapping[str, str], exported: Path) -> int:
    # What one block exports, the next ones see, as in a reader's own shell.
    exported.touch()
    for block in blocks(document.read_text(encoding="utf-8")):
        where = f"{document.name}:{block.line}"
        if block.tag == SKIPPED:
            print(f"-- {where} skipped, needs an account:\n{block.text}", end="", flush=True)
            continue
        print(f"== {where}\n{block.text}", end="", flush=True)
        script = f". '{exported}'\n{block.text}\nexport -p > '{exported}'\n"
        status = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=folder, env=dict(environment), check=False
        ).returncode
        if status != 0:
            print(f"{where}: a command of this block ended with {status}: correct the document or the command")
            return status
    return 0


def _report(folder: Path, environment: Mapping[str, str]) -> None:
    """Print how far it came: the stacks that exist, and those with a change set to read."""
    query = "Stacks[].[StackStatus, StackName]"
    command = ["aws", "cloudformation", "describe-stacks", "--query", query, "--output", "text"]
    subprocess.run(command, cwd=folder, env=dict(environment), check=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse a document; the exit status is that of the first command which fails, 2 when there are none."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.package.rehearse",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("document", nargs="?", type=Path, default=ROOT / "docs" / "deploy.md")
    parser.add_argument("--folder", type=Path, default=ROOT, help="where the commands run (the repository)")
    options = parser.parse_args(arguments)
    if not options.document.exists():
        sys.stderr.write(f"There is no {options.document} to rehearse.\n")
        return 2
    if not any(block.tag == RUN for block in blocks(options.document.read_text(encoding="utf-8"))):
        sys.stderr.write(f"{options.document} has no ```sh block to rehearse.\n")
        return 2
    return rehearse(options.document, options.folder)


if __name__ == "__main__":
    sys.exit(main())
