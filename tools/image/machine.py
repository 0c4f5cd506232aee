"""What a build borrows from this machine as secrets: package mirrors and certificates, which no layer may keep."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.image.refusal import ImageRefused

SUITE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Where a machine reaches packages, not how a person likes pip to behave.
PIP_WORDS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries")
APT_WORDS = re.compile(r"Acquire::(https?::|Check-|Retries|ForceIPv4|http::Proxy)")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
SOURCES_INSIDE = 'Dir::Etc::SourceList "/run/secrets/apt_sources"; Dir::Etc::SourceParts "/dev/null";'
CERTIFICATES_INSIDE = "/run/secrets/ca_certificates"


@dataclass(frozen=True)
class Source:
    """One Debian archive the machine installs from."""

    address: str
    suite: str
    component: str


def apt_sources() -> list[Source]:
    """Return the archives of the image's Debian that the machine's apt knows, in apt's order; none without apt."""
    if shutil.which("apt-get") is None:
        return []
    wanted = ("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages")
    lines = _said(*wanted).splitlines()
    sources = [Source(*line.split()) for line in dict.fromkeys(lines) if len(line.split()) == 3]
    return [each for each in sources if each.suite.split("-")[0] == SUITE]


def mirror() -> str:
    """Return the address of the machine's own mirror of the image's Debian; raise ImageRefused when it has none."""
    for each in apt_sources():
        if each.suite == SUITE and each.component == "main":
            return each.address
    raise ImageRefused(
        f"This machine's apt has no archive of Debian {SUITE}, from which the base could be made: "
        "run `apt-get update` on a Debian 12, or pull the base from a registry."
    )


def lend(folder: Path, mark: str, environment: Mapping[str, str] | None = None) -> dict[str, Path]:
    """
    Write what the build borrows below `folder`; return the files by the name of the secret.

    Every file carries `mark`, by which a check finds what was left behind.
    """
    certificates = _certificates(os.environ if environment is None else environment)
    written = {
        "apt_sources": _sources_list(apt_sources()),
        "apt_conf": _apt_conf(),
        "pip_conf": pip_conf(_said(*_pip(), "config", "list"), CERTIFICATES_INSIDE if certificates else ""),
        "ca_certificates": certificates,
    }
    lent = {}
    for name, text in written.items():
        if text:
            lent[name] = folder / name
            lent[name].write_text(f"# {mark}\n{text}")
            lent[name].chmod(0o600)
    return lent


def pip_conf(listed: str, certificates: str = "") -> str:
    """Return a pip.conf with those settings of `pip config list` that name package sources."""
    found = {"cert": certificates} if certificates else {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        word = name.rsplit(".", 1)[-1]
        if word in PIP_WORDS:
            found[word] = str(ast.literal_eval(value)).replace("\n", "\n    ")
    return "\n".join(["[global]", *(f"{word} = {value}" for word, value in found.items()), ""])


def source_address() -> str:
    """Return where this clone comes from, without credentials: the image's label; `unpublished` without an address."""
    address = _said("git", "remote", "get-url", "origin").strip()
    parts = urlsplit(address)
    return f"https://{parts.hostname}{parts.path}" if parts.scheme == "https" and parts.hostname else "unpublished"


def _certificates(environment: Mapping[str, str]) -> str:
    named = environment.get("PIP_CERT") or environment.get("SSL_CERT_FILE") or CERTIFICATES
    return Path(named).read_text() if Path(named).is_file() else ""


def _sources_list(sources: list[Source]) -> str:
    return "".join(f"deb [signed-by={KEYRING}] {each.address} {each.suite} {each.component}\n" for each in sources)


def _apt_conf() -> str:
    if shutil.which("apt-config") is None:
        return ""
    borrowed = [line for line in _said("apt-config", "dump").splitlines() if APT_WORDS.match(line)]
    return "\n".join([*borrowed, SOURCES_INSIDE, ""])


def _pip() -> tuple[str, ...]:
    """Return the pip whose settings count: this interpreter's, else the one on PATH."""
    finished = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    return (sys.executable, "-m", "pip") if finished.returncode == 0 else (shutil.which("pip") or "pip",)


def _said(*command: str) -> str:
    """Return what a command prints, nothing when it fails or is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
