"""The program that builds and pushes: docker, podman or buildah, which take nearly the same words."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.image.refusal import ImageRefused

ROOT = Path(__file__).resolve().parents[2]
PROBES = {"docker": ("info",), "podman": ("info",), "buildah": ("info",)}
BASE_NAME = "docker.io/library/debian:bookworm-slim"


@dataclass(frozen=True)
class Engine:
    """One engine; `command` is how its lines begin, `build_options` is what its builds need besides."""

    name: str
    command: tuple[str, ...]
    build_options: tuple[str, ...] = ()

    def build(self, tag: str, arguments: Mapping[str, str], secrets: Mapping[str, Path]) -> None:
        """Build the Dockerfile of this clone as `tag`; raise ImageRefused when that fails."""
        words = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        words += [word for name, path in secrets.items() for word in ("--secret", f"id={name},src={path}")]
        self.run("build", *self.build_options, *words, "--tag", tag, str(ROOT))

    def push(self, tag: str, login: Path) -> None:
        """Push `tag` to the registry it names; `login` is a folder with docker's `config.json`."""
        if self.name == "docker":
            Engine(self.name, (*self.command, "--config", str(login))).run("push", tag)
        else:
            self.run("push", "--authfile", str(login / "config.json"), tag)

    def run(self, *words: str) -> None:
        """Run one line of the engine, its words shown; raise ImageRefused when it fails."""
        finished = subprocess.run([*self.command, *words], check=False)
        if finished.returncode:
            raise ImageRefused(f"`{self.name} {words[0]}` failed; its last output is above.")

    def output_of(self, *words: str) -> str:
        """Run one line of the engine and return what it prints."""
        finished = subprocess.run([*self.command, *words], check=False, stdout=subprocess.PIPE, text=True)
        if finished.returncode:
            raise ImageRefused(f"`{self.name} {words[0]}` failed; its last output is above.")
        return finished.stdout.strip()


def choose_engine(wanted: str = "") -> Engine:
    """Return the engine of the name `wanted`, else the first of docker, podman and buildah that works here."""
    if wanted and wanted not in PROBES:
        raise ImageRefused(f"ENGINE is {wanted!r}; it must be one of {', '.join(PROBES)}.")
    for name in [wanted] if wanted else list(PROBES):
        if _works(name):
            return Engine(name, (name,))
    raise ImageRefused(
        f"{wanted or 'None of docker, podman and buildah'} does not work here: start docker, "
        "or install buildah (Debian: `apt-get install buildah`)."
    )


def private_buildah(store: Path) -> Engine:
    """Return a buildah that needs no daemon, no user namespaces and no registry, and keeps everything below `store`."""
    command = (
        *("buildah", "--storage-driver", "vfs"),
        *("--root", str(store / "root"), "--runroot", str(store / "run")),
    )
    return Engine("buildah", command, ("--isolation", "chroot", "--pull-never", "--format", "docker"))


def _works(name: str) -> bool:
    if shutil.which(name) is None:
        return False
    return subprocess.run([name, *PROBES[name]], capture_output=True, check=False).returncode == 0


def has_programs(names: Sequence[str]) -> list[str]:
    """Return which of the programs are missing."""
    return [name for name in names if shutil.which(name) is None]
