"""Moto's proxy on a free loopback port, in place of AWS: a process with its environment connects to it only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import moto
from botocore.config import Config

from tools.package.values import REGION
from tools.ports import free_port

START_SECONDS = 30.0
CERTIFICATE = Path(moto.__file__).parent / "moto_proxy" / "ca.crt"
ROOT = Path(__file__).parents[2]


class EmulatorUnavailable(Exception):
    """Moto's proxy did not start; the message gives the reason."""


@dataclass(frozen=True)
class Emulator:
    """A running proxy, and a home folder for its clients."""

    port: int
    home: Path

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a command that may only meet the emulator: no credential is inherited."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "CI": "true",
            "COLOR": "false",
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "NO_PROXY": "",
            "AWS_CA_BUNDLE": str(CERTIFICATE),
            "SSL_CERT_FILE": str(CERTIFICATE),
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client that reaches the emulator only."""
        return boto3.client(
            service,
            REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - what moto expects
            verify=str(CERTIFICATE),
            # AWS_ENDPOINT_URL may be set here for another emulator.
            config=Config(
                proxies={"https": f"http://127.0.0.1:{self.port}"},
                ignore_configured_endpoint_urls=True,
            ),
        )


@contextmanager
def emulated_aws(*, domain: str, connections: tuple[str, ...] = ()) -> Iterator[Emulator]:
    """Run the emulator; requested certificates are for `domain` and its subdomains. Raises EmulatorUnavailable."""
    if shutil.which("openssl") is None:
        raise EmulatorUnavailable("moto's proxy makes certificates with openssl, which is not on PATH: install it.")
    with tempfile.TemporaryDirectory(prefix="tradepost-package-") as home:
        port, log = free_port(), Path(home) / "moto.log"
        given = {"CERTIFICATE_DOMAIN": domain, "CONNECTION_NAMES": ",".join(connections)}
        proxy = _start(port, log, given)
        try:
            _wait_for(proxy, port, log)
            yield Emulator(port, Path(home))
        finally:
            proxy.terminate()
            proxy.wait(10)


def _start(port: int, log: Path, given: Mapping[str, str]) -> subprocess.Popen[bytes]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    command = [sys.executable, "-m", "tools.package.emulated_aws", "-H", "127.0.0.1", "-p", str(port), "-v"]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env={**inherited, **given}, stdout=output, stderr=output)


def _wait_for(proxy: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and proxy.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise EmulatorUnavailable(f"moto's proxy did not start: {log.read_text(errors='replace')[-400:].strip()}")
