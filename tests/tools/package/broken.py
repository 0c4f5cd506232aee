"""A copy of the small workspace to break, one file and one text at a time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.package.values import values_for
from tools.package.workspace import Workspace, read_workspace

WORKSPACE = Path(__file__).parent / "workspace"

GATEWAY = "copilot/gateway/manifest.yml"
PRODUCTS = "copilot/products/manifest.yml"
WORKER = "copilot/search-worker/manifest.yml"
BOOTSTRAP = "copilot/bootstrap/manifest.yml"
ENVIRONMENT = "copilot/environments/test/manifest.yml"
STORES = "copilot/environments/addons/stores.yml"


@dataclass(frozen=True)
class Break:
    """`old` becomes `new` in a file; the finding must name `file` (or `named`), `field` and contain `says`."""

    file: str
    old: str
    new: str
    field: str
    says: str
    named: str = ""

    def __str__(self) -> str:
        return f"{self.field}-{self.says}".replace(" ", "-")[:60]


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(WORKSPACE, folder / "workspace"))


def broken(root: Path, fault: Break) -> Workspace:
    """Break the copy, and return what the tool reads then."""
    path = root / fault.file
    before = path.read_text()
    assert fault.old in before, f"{fault.file} has no {fault.old!r} to break"
    path.write_text(before.replace(fault.old, fault.new, 1))
    return read_workspace(root)


def values_of(workspace: Workspace) -> dict[str, str]:
    return values_for(workspace, {})


def assert_caught(findings: list[str], fault: Break) -> None:
    named = fault.named or fault.file
    hits = [each for each in findings if named in each and fault.field in each and fault.says in each]
    assert hits, f"not caught: {fault.file}: {fault.field}; found instead: {findings}"
