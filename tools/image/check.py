"""`make image-check`: the image really built from a Debian made here, taken apart, and its workloads started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.image import inspection
from tools.image.base import make_base
from tools.image.building import build, current_revision
from tools.image.engine import BASE_NAME, ROOT, Engine, has_programs, private_buildah
from tools.image.refusal import ImageRefused
from tools.image.rehearsal import rehearse
from tools.image.sandbox import Sandbox

TAG = "localhost/tradepost:check"
PACKAGES = ("buildah", "debootstrap")


def check() -> list[str]:
    """Build and examine the image below a scratch folder that is removed; return the faults, having printed figures."""
    _install_programs()
    with _scratch() as folder:
        engine = private_buildah(folder / "store")
        with _timed("base by debootstrap"):
            make_base(engine, folder / "debootstrap.log")
        with _timed("build"):
            mark = build(engine, TAG, current_revision(), base=BASE_NAME)
        with _timed("compress"):
            size = compressed_bytes(engine, folder / "oci")
        print(f"image: {size / 1e6:.1f} MB compressed (limit {inspection.LARGEST_BYTES / 1e6:.0f} MB)")
        container = engine.output_of("from", "--pull-never", "--name", "checked", TAG)
        root = Path(engine.output_of("mount", container))
        with _timed("inspection"):
            faults = [*inspection.faults_of_size(size), *_faults(engine, root, mark)]
        _keep_bill(root)
        with _timed("workloads"):
            faults += rehearse(Sandbox(root, _image(engine)["config"], _volume(folder)), folder)
        return faults


def compressed_bytes(engine: Engine, folder: Path) -> int:
    """Push the image into an OCI layout at `folder`, and return the bytes a registry would hold."""
    engine.output_of("push", "--quiet", TAG, f"oci:{folder}:check")
    return sum(each.stat().st_size for each in (folder / "blobs").rglob("*") if each.is_file())


def _faults(engine: Engine, root: Path, mark: str) -> list[str]:
    image = _image(engine)
    return [
        *inspection.faults_of_config(image["config"]),
        *inspection.faults_of_files(root),
        *inspection.faults_of_owner(root),
        *inspection.faults_of_borrowing(root, json.dumps(image), mark),
        *inspection.faults_of_bill(root, (ROOT / "requirements/runtime.txt").read_text()),
    ]


def _image(engine: Engine) -> Any:
    return json.loads(engine.output_of("inspect", "--type", "image", TAG))["Docker"]


def _volume(folder: Path) -> Path:
    """Return a folder like the empty volume that Fargate mounts at /tmp."""
    volume = folder / "volume"
    volume.mkdir()
    volume.chmod(0o1777)
    return volume


def _keep_bill(root: Path) -> None:
    (ROOT / "build").mkdir(exist_ok=True)
    shutil.copyfile(root / "app/sbom.cdx.json", ROOT / "build/sbom.cdx.json")


def _install_programs() -> None:
    if os.geteuid():
        raise ImageRefused("The image is checked in a chroot: run `make image-check` as root, or in CI.")
    if not has_programs(PACKAGES):
        return
    if shutil.which("apt-get") is None:
        raise ImageRefused(f"The image is checked with {' and '.join(PACKAGES)}: install them, or check on a Debian.")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "-y", "--no-install-recommends", *PACKAGES)):
        finished = subprocess.run(["apt-get", "-qq", *words], env=environment, stdout=subprocess.DEVNULL, check=False)
        if finished.returncode:
            raise ImageRefused(f"`apt-get {' '.join(words)}` failed; its last output is above.")


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tradepost-image-check-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # World-readable: the image's own user reaches its files through here.
        folder.chmod(0o755)
        yield folder


@contextmanager
def _timed(step: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"image: {step} took {time.monotonic() - begun:.1f} s", flush=True)
