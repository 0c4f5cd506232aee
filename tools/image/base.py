"""The base image made on this machine from Debian's archive, where no registry is reachable."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.image.engine import BASE_NAME, Engine
from tools.image.machine import SUITE, mirror
from tools.image.refusal import ImageRefused

# What Debian's own slim images leave out too; copyright files stay.
LEFT_OUT = ("usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "var/cache/apt", "var/log")
OFFICIAL = "http://deb.debian.org/debian"


def make_base(engine: Engine, log: Path) -> None:
    """Bootstrap a minimal Debian into `engine`'s store under the name of the Dockerfile's base; needs root."""
    container = engine.output_of("from", "--name", "base", "scratch")
    folder = Path(engine.output_of("mount", container))
    with log.open("wb") as said:
        command = ["debootstrap", "--variant=minbase", SUITE, str(folder), mirror()]
        finished = subprocess.run(command, stdout=said, stderr=said, check=False)
    if finished.returncode:
        raise ImageRefused(f"debootstrap failed: {log.read_text().strip().splitlines()[-1]}")
    _slim(folder)
    engine.output_of("umount", container)
    engine.output_of("commit", "--quiet", "--rm", container, BASE_NAME)


def _slim(folder: Path) -> None:
    """Take out what a server never reads, and the address of this machine's mirror."""
    for name in LEFT_OUT:
        _empty(folder / name)
    for file in (folder / "usr/share/doc").rglob("*"):
        if not file.is_dir() and file.name != "copyright":
            file.unlink()
    _empty(folder / "var/lib/apt/lists")
    (folder / "etc/apt/sources.list").unlink()
    (folder / "etc/hostname").write_text("localhost\n")
    (folder / "etc/resolv.conf").unlink(missing_ok=True)
    (folder / "etc/apt/sources.list.d/debian.sources").write_text(
        f"Types: deb\nURIs: {OFFICIAL}\nSuites: {SUITE} {SUITE}-updates\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )


def _empty(folder: Path) -> None:
    """Remove the files below `folder`; the folders stay, for packages expect them."""
    for file in sorted(folder.rglob("*")):
        if not file.is_dir() or file.is_symlink():
            file.unlink()
