"""What must hold for an unpacked image and its configuration; every fault is one sentence."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LABELS = ("source", "version", "revision", "licenses")
OWNER = "10001:10001"
VOLUME = "/tmp"  # noqa: S108 (a name, nothing is written)
# No compiler, no installer: what breaks in finds nothing to build or to fetch with.
TOOLS = re.compile(r"(.*-)?(gcc|g\+\+|cc|c\+\+|cpp|clang|ld|as|make|pip|uv|curl|wget)(-?[\d.]+)?|ensurepip")
PROGRAMS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "app/venv/bin")
NOT_ALLOWED = (
    "app/tests",
    "app/loadtests",
    "app/.tradepost",
    "app/requirements",
    "app/tools/image",
    "app/tools/up",
    "app/tools/stores",
)
NEEDED = ("app/LICENSE", "app/THIRD_PARTY.md", "app/sbom.cdx.json", "etc/ssl/certs/ca-certificates.crt")
LARGEST_BYTES = 200_000_000


def faults_of_config(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the image's configuration, as docker spells it."""
    labels = config.get("Labels") or {}
    for name in LABELS:
        if not labels.get(f"org.opencontainers.image.{name}"):
            yield f"The label org.opencontainers.image.{name} is missing."
    if config.get("User") != OWNER:
        yield f"The image runs as {config.get('User') or 'root'!r}; it must run as {OWNER}."
    if VOLUME not in (config.get("Volumes") or {}):
        yield f"{VOLUME} is not declared a volume."
    if "8080/tcp" not in (config.get("ExposedPorts") or {}):
        yield "Port 8080 is not exposed."
    if (config.get("Cmd") or ["/bin/sh"])[0].endswith("sh"):
        yield "The default command goes through a shell, which would not pass SIGTERM on."


def faults_of_files(root: Path) -> Iterator[str]:
    """Yield what the unpacked image must not contain, and what it lacks."""
    for folder in PROGRAMS:
        for each in sorted((root / folder).glob("*")):
            if TOOLS.fullmatch(each.name):
                yield f"/{folder}/{each.name} builds or fetches; the image must hold no such tool."
    for each in (root / "app/venv").glob("lib/python3.*/site-packages/pip"):
        yield f"/{each.relative_to(root)} is an installer."
    yield from (f"/{name} does not belong into the image." for name in NOT_ALLOWED if (root / name).exists())
    yield from (f"/{name} is missing." for name in NEEDED if not (root / name).is_file())
    mode = stat.S_IMODE((root / "tmp").stat().st_mode)
    if mode != 0o1777:
        yield f"{VOLUME} has mode {mode:o}; a volume takes it from here and needs 1777."
    if not any((root / "app/shared").rglob("*.pyc")):
        yield "/app is not compiled: every start would compile all of it."


def faults_of_owner(root: Path) -> Iterator[str]:
    """Yield the files of the application that its own user could change."""
    for each in (root / "app").rglob("*"):
        status = each.lstat()
        if not stat.S_ISLNK(status.st_mode) and (status.st_uid or status.st_mode & 0o022):
            yield f"/{each.relative_to(root)} can be changed by a user who is not root."


def faults_of_borrowing(root: Path, history: str, mark: str) -> Iterator[str]:
    """Yield where the machine's own settings, which carry `mark`, were left behind."""
    if mark in history:
        yield "The image's history keeps settings of the machine that built it."
    found = subprocess.run(["grep", "-rlsF", "--devices=skip", mark, str(root)], capture_output=True, text=True)
    for name in found.stdout.splitlines():
        yield f"/{Path(name).relative_to(root)} keeps settings of the machine that built the image."


def faults_of_bill(root: Path, lock: str) -> Iterator[str]:
    """Yield what is installed but not listed in /app/sbom.cdx.json, listed but not installed, or not as locked."""
    bill = json.loads((root / "app/sbom.cdx.json").read_text())
    listed = {
        (_plain(each["name"]), each["version"])
        for each in bill["components"]
        if each.get("purl", "").startswith("pkg:pypi")
    }
    locked = {(_plain(name), version) for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock, re.MULTILINE)}
    folders = (root / "app/venv").glob("lib/python3.*/site-packages/*.dist-info")
    installed = {(_plain(name), version) for name, version in (each.stem.split("-", 1) for each in folders)}
    yield from (f"{name} {version} is installed but not in the SBOM." for name, version in sorted(installed - listed))
    yield from (
        f"The SBOM lists {name} {version}, which is not installed." for name, version in sorted(listed - installed)
    )
    yield from (f"{name} {version} is installed but not locked." for name, version in sorted(installed - locked))
    if not any(each.get("purl", "").startswith("pkg:deb/debian/libc6@") for each in bill["components"]):
        yield "The SBOM does not list Debian's packages."


def faults_of_size(compressed_bytes: int) -> Iterator[str]:
    if compressed_bytes >= LARGEST_BYTES:
        yield f"The image has {compressed_bytes / 1e6:.0f} MB compressed; the limit is {LARGEST_BYTES / 1e6:.0f} MB."


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
