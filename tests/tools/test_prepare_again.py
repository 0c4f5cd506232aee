"""Preparing again leaves what runs alone: after a kill at each step, after a changed lock, and two at a time."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.platform import ROOT

# As on a machine without ensurepip: an environment without a pip of its own is made ten times as fast.
CODE = """
import sys
from pathlib import Path
sys.modules["ensurepip"] = None
from tools.prepare_environment import prepare
sys.exit(prepare(sys.argv[1], dev=sys.argv[3] == "dev", locks=Path(sys.argv[2])))
"""
STORES_ELSEWHERE = {"MONGODB_URI": "mongodb://db.example/", "REDIS_URL": "redis://cache.example"}


class Clone:
    """A state folder and two locks of one small package each, which lie beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.locks = folder / "locks"
        self.locks.mkdir()
        self.lock("runtime", "1.0")
        self.lock("dev", "1.0")

    def lock(self, name: str, version: str) -> None:
        """Lock `<name>_package` in this version."""
        wheel = self.locks / f"{name}_package-{version}-py3-none-any.whl"
        info = f"{name}_package-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as opened:
            opened.writestr(f"{name}_package/__init__.py", "")
            opened.writestr(f"{name}_package/later.py", f"VERSION = {version!r}")
            opened.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}-package\nVersion: {version}\n")
            opened.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            opened.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.locks / f"{name}.txt").write_text(f"{wheel} --hash=sha256:{digest}\n")

    def start(self, what: str = "runtime") -> subprocess.Popen[str]:
        """Begin a preparation in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", CODE, str(self.state), str(self.locks), what],
            cwd=ROOT,
            env=os.environ | STORES_ELSEWHERE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def prepare(self, what: str = "runtime") -> str:
        """Prepare and return what it said."""
        running = self.start(what)
        said, _ = running.communicate(timeout=120)
        assert running.returncode == 0, said
        return said

    def kill_at(self, step: str, what: str) -> None:
        """Begin a preparation and kill all of it when it says that this step begins."""
        running = self.start(what)
        assert running.stdout is not None
        said = ""
        while step not in said:
            character = running.stdout.read(1)
            assert character, f"{step} did not begin: {said}"
            said += character
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()

    @property
    def environment(self) -> Path:
        return (self.state / "venv").resolve()


class Platform:
    """A process of an environment that imports a module only when it is asked to."""

    def __init__(self, environment: Path) -> None:
        code = "input(); from runtime_package.later import VERSION; print(VERSION)"
        self._process = subprocess.Popen(
            [environment / "bin" / "python", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def imports(self) -> str:
        """Return the version that it imports now, at last."""
        return self._process.communicate("go on\n", timeout=60)[0].strip()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.fixture
def platform(clone: Clone) -> Iterator[Platform]:
    clone.prepare()
    running = Platform(clone.environment)
    yield running
    running.end()


def test_an_installation_that_is_killed_leaves_what_runs_alone(clone, platform):
    before = clone.environment
    for step in ("making a virtual", "packages (runtime)", "packages (dev)"):
        clone.kill_at(step, "dev")

        assert clone.prepare() == "", step
        assert clone.environment == before, step

    said = clone.prepare("dev")

    assert "packages (dev)" in said
    assert "make down" not in said  # what runs has the same packages
    assert set((clone.state / "environments").iterdir()) == {before, clone.environment}
    assert platform.imports() == "1.0"


def test_a_changed_lock_leaves_what_runs_its_packages_and_says_how_to_go_on(clone, platform):
    clone.lock("runtime", "2.0")
    said = clone.prepare("dev")

    assert "What runs here keeps the packages that it was started with: `make down`, then `make up`," in said
    assert platform.imports() == "1.0"
    assert Platform(clone.environment).imports() == "2.0"

    clone.lock("runtime", "3.0")

    assert "packages (dev)" in clone.prepare()  # what was installed for development stays so
    assert list((clone.state / "environments").iterdir()) == [clone.environment]


def test_a_folder_of_an_earlier_version_becomes_a_link(clone):
    (clone.state / "venv" / "bin").mkdir(parents=True)
    said = clone.prepare()

    assert "The environment is incomplete, or of an earlier version; a new one is made." in said
    assert (clone.state / "venv").is_symlink()
    assert list((clone.state / "environments").iterdir()) == [clone.environment]


def test_the_second_of_two_commands_waits_for_the_first(clone):
    first = clone.start()
    assert first.stdout is not None
    first.stdout.read(10)  # it holds the lock once it says anything

    said = clone.prepare()
    first.communicate()

    assert said == "Another call is preparing the environment; waiting for it.\n"
