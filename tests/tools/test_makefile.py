"""What `make` refuses, and prepares, before anything is started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_A_CALLER = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PORT_OFFSET", "AWS")


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell of one's own; `-n` has it only say what it would run."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_CALLER}
    return subprocess.run(["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True)


class TestPortOffset:
    @pytest.mark.parametrize("offset", ["abc", "-1", "1.5", "99999", "1 2"])
    def test_that_no_port_fits_is_refused_by_every_target(self, offset):
        refused = make("-n", "parked", f"PORT_OFFSET={offset}")

        assert refused.returncode == 2
        assert f"PORT_OFFSET is '{offset}'; it must be a whole number from 0 to 57000" in refused.stderr

    @pytest.mark.parametrize("offset", ["", "0", "100", "57000"])
    def test_that_fits_is_taken(self, offset):
        assert make("-n", "up", f"PORT_OFFSET={offset}").returncode == 0


class TestEnvironment:
    def test_of_moto_is_that_of_development(self):
        assert "tools.prepare --dev" in make("-n", "up", "AWS=moto").stdout

    def test_is_not_made_for_a_word_that_is_refused_anyway(self):
        assert "--dev" not in make("-n", "up", "AWS=nonsense").stdout


class TestWhatEndsOrShowsAPlatform:
    @pytest.mark.parametrize("target", ["down", "reset", "status", "logs"])
    def test_installs_nothing(self, target):
        """It works beside an installation that was killed, and leaves the packages of what runs alone."""
        shown = make("-n", target, "PYTHON=python3").stdout

        assert "python3 -m tools.prepare --check\n" in shown
        assert f"python3 -m tools.up {target}" in shown
        assert ".tradepost" not in shown


class TestWhatNeedsAPlatform:
    def test_says_so_when_none_runs_here(self, tmp_path):
        """A hint, no refusal: it may run elsewhere, and a replay waits for it in silence."""
        environment = {name: value for name, value in os.environ.items() if name not in OF_A_CALLER}
        replayed = subprocess.run(
            ["make", "replay", "FILE=/dev/null"],
            cwd=ROOT,
            env=environment | {"TRADEPOST_STATE": str(tmp_path)},
            capture_output=True,
            text=True,
        )

        assert "No platform is ready in this folder: `make up` starts one." in replayed.stderr

    @pytest.mark.parametrize("target", ["replay-short", "journey", "load"])
    def test_asks_first(self, target):
        assert "tools.up status" in make("-n", target).stdout


class TestHelp:
    def test_keeps_every_description_in_one_column(self):
        shown = make("help").stdout

        columns = {len(line) - len(line.lstrip().split(None, 1)[1]) for line in shown.splitlines()}
        assert len(columns) == 1
