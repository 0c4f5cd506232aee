"""Builds the image of this clone: labels from the project and from git, mirrors and certificates from the machine."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from shared.base.version import VERSION
from tools.image.engine import ROOT, Engine
from tools.image.machine import lend, source_address
from tools.image.refusal import ImageRefused


def build(engine: Engine, tag: str, revision: str, *, base: str = "") -> str:
    """Build the image as `tag`; return the mark that everything borrowed from this machine carries."""
    mark = f"borrowed-{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix="tradepost-image-") as folder:
        engine.build(tag, _arguments(revision, base), lend(Path(folder), mark))
    return mark


def current_revision(clone: Path = ROOT) -> str:
    """Return the commit checked out; it ends in `-dirty` when a file differs from it."""
    commit = _git(clone, "rev-parse", "HEAD")
    return f"{commit}-dirty" if _git(clone, "status", "--porcelain") else commit


def _arguments(revision: str, base: str) -> Mapping[str, str]:
    named = {"VERSION": VERSION, "REVISION": revision, "SOURCE": source_address()}
    return named | ({"BASE": base} if base else {})


def _git(clone: Path, *words: str) -> str:
    finished = subprocess.run(["git", *words], cwd=clone, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise ImageRefused(f"The image is labelled with its commit, and git found none: {finished.stderr.strip()}")
    return finished.stdout.strip()
