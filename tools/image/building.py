"""Builds the image of this clone: labels from the project and from git, mirrors and certificates from the machine."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tools.image.engine import ROOT, Engine
from tools.image.machine import lend, source_address


def build(engine: Engine, tag: str, revision: str, *, base: str = "") -> str:
    """Build the image as `tag`; return the mark that everything borrowed from this machine carries."""
    mark = f"borrowed-{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix="tradepost-image-") as folder:
        engine.build(tag, _arguments(revision, base), lend(Path(folder), mark))
    return mark


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def current_revision() -> str:
    """Return the commit checked out; it ends in `-dirty` when a file differs from it."""
    commit = _git("rev-parse", "HEAD")
    return f"{commit}-dirty" if _git("status", "--porcelain") else commit


def _arguments(revision: str, base: str) -> Mapping[str, str]:
    named = {"VERSION": version(), "REVISION": revision, "SOURCE": source_address()}
    return named | ({"BASE": base} if base else {})


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
