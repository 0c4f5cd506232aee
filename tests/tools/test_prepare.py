"""Preparation says in one sentence what is wrong with a machine, and notices what is half there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

from tests.tools.platform import ROOT
from tools.prepare import OLDEST_GLIBC, refusal
from tools.prepare_folders import Environment
from tools.prepare_installers import Installer, PreparationFailed, cleaned, run_logged
from tools.prepare_libraries import is_copy_of, missing_libraries

GLIBC = ("glibc", "2.36")


class TestRefusal:
    @pytest.mark.parametrize("python", [(3, 11, 2), (3, 12, 0), (3, 13, 0), (3, 14, 1)])
    def test_takes_every_supported_interpreter(self, python):
        assert refusal("Linux", "x86_64", GLIBC, python) == ""

    @pytest.mark.parametrize(
        ("machine", "words"),
        [
            (("Darwin", "arm64", ("", ""), (3, 12, 0)), "runs on Linux x86-64; this is Darwin arm64"),
            (("Linux", "aarch64", GLIBC, (3, 12, 0)), "this is Linux aarch64"),
            (("Linux", "x86_64", GLIBC, (3, 9, 18)), "needs CPython 3.11 to 3.14; this is 3.9"),
            (("Linux", "x86_64", GLIBC, (3, 15, 0)), "this is 3.15"),
            (("Linux", "x86_64", ("glibc", "2.31"), (3, 11, 0)), "this system has glibc 2.31"),
            (("Linux", "x86_64", ("", ""), (3, 11, 0)), "this system has another C library"),
        ],
    )
    def test_names_what_is_wrong_in_one_sentence(self, machine, words):
        said = refusal(*machine)

        assert words in said
        assert "\n" not in said


def newest_glibc(distribution: Distribution) -> tuple[int, ...]:
    """Return the glibc that the installed wheel needs; the lowest when it is tagged for several."""
    tags = re.findall(r"manylinux(?:_(\d+)_(\d+)|(1|2010|2014))_x86_64", distribution.read_text("WHEEL") or "")
    older = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
    return min((older[year] if year else (int(major), int(minor)) for major, minor, year in tags), default=(0, 0))


class TestGlibc:
    def test_is_as_new_as_the_locked_wheels_need(self):
        """Above it an installation fails in the middle, with the name of a package in place of a reason."""
        needed = {each.name: newest_glibc(each) for each in distributions()}

        assert max(needed.values()) == OLDEST_GLIBC, max(needed, key=lambda name: needed[name])


class TestInstallersEnvironment:
    def test_leaves_out_what_bends_pip(self, tmp_path):
        given = {"HOME": str(tmp_path), "PIP_TARGET": "/x", "PIP_FIND_LINKS": "/x", "PYTHONDONTWRITEBYTECODE": "1"}

        assert set(given) & set(cleaned(given, tmp_path)) == {"HOME"}
        assert cleaned(given, tmp_path)["PIP_USER"] == "0"

    def test_keeps_certificates_proxies_and_indexes(self, tmp_path):
        given = {
            "HOME": str(tmp_path),
            "PIP_CERT": "/ca",
            "HTTPS_PROXY": "http://proxy",
            "PIP_INDEX_URL": "http://index",
        }

        assert given.items() <= cleaned(given, tmp_path).items()

    def test_keeps_local_wheels_of_a_machine_without_an_index(self, tmp_path):
        given = {"HOME": str(tmp_path), "PIP_FIND_LINKS": "/wheels", "PIP_NO_INDEX": "1"}

        assert cleaned(given, tmp_path)["PIP_FIND_LINKS"] == "/wheels"

    @pytest.mark.parametrize("home", ["", "/nowhere"])
    def test_keeps_the_cache_in_our_folder_without_a_usable_home(self, tmp_path, home):
        assert cleaned({"HOME": home}, tmp_path)["PIP_CACHE_DIR"] == str(tmp_path / "cache")


class TestHalfInstalled:
    @pytest.fixture
    def environment(self, tmp_path):
        """An environment as preparation leaves it."""
        (tmp_path / "lib" / "python3.11" / "site-packages" / "flask").mkdir(parents=True)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python").symlink_to(sys.executable)
        made = Environment(tmp_path)
        made.complete({"runtime": "abc"})
        return made

    def test_a_whole_environment_has_its_locks(self, environment):
        assert environment.locks == {"runtime": "abc"}

    def test_a_missing_package_is_noticed(self, environment):
        (environment.folder / "lib" / "python3.11" / "site-packages" / "flask").rmdir()

        assert environment.locks == {}

    def test_an_interpreter_that_moved_away_is_noticed(self, environment):
        (environment.folder / "bin" / "python").unlink()
        (environment.folder / "bin" / "python").symlink_to("/nowhere/python3")

        assert environment.locks == {}

    @pytest.mark.parametrize("stamp", ['{"site": "li', "", "[]", "{}"])
    def test_a_torn_stamp_is_noticed(self, environment, stamp):
        (environment.folder / "installed.json").write_text(stamp)

        assert environment.locks == {}


class TestFailures:
    def test_a_full_disk_is_named(self, tmp_path):
        script = "import sys; sys.exit('ERROR: Could not install packages: [Errno 28] No space left on device')"

        with pytest.raises(PreparationFailed, match=r"^The disk is full: free some space"):
            run_logged([sys.executable, "-c", script], tmp_path / "log", dict(os.environ))

    def test_the_last_error_is_told_with_the_place_of_the_rest(self, tmp_path):
        script = "import sys; sys.exit('ERROR: No matching distribution found for flask')"

        with pytest.raises(PreparationFailed, match=r"No matching distribution .*log\)$"):
            run_logged([sys.executable, "-c", script], tmp_path / "log", dict(os.environ))

    def test_a_package_whose_hash_differs_is_refused(self, tmp_path):
        lock = tmp_path / "lock.txt"
        wheel = tmp_path / "nothing-1-py3-none-any.whl"
        wheel.write_bytes(b"not what was locked")
        lock.write_text(f"{wheel} --hash=sha256:{'0' * 64}\n")
        installer = Installer((sys.executable, "-m", "pip"), False, dict(os.environ), tmp_path / "log")

        with pytest.raises(PreparationFailed, match="Preparation failed"):
            installer.install_lock(lock)
        assert "DO NOT MATCH THE HASHES" in (tmp_path / "log").read_text()

    def test_an_old_python_is_told_by_the_program_itself(self):
        code = "import sys; sys.version_info = (3, 9, 1); import tools.prepare; sys.exit(tools.prepare.main())"
        said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

        assert said.returncode == 1
        assert said.stderr.startswith("Tradepost needs CPython 3.11 to 3.14; this is 3.9.")


class TestLibraries:
    def test_a_renamed_copy_serves_for_the_name_mongod_asks_for(self):
        assert is_copy_of("libcurl-330bcbb6.so.4.8.0", "libcurl.so.4")
        assert is_copy_of("libcrypto-fa202293.so.3", "libcrypto.so.3")

    @pytest.mark.parametrize("other", ["libcurl-330bcbb6.so.5.0", "libcurlx-330bcbb6.so.4", "libcurl.so.4"])
    def test_no_other_library_serves(self, other):
        assert not is_copy_of(other, "libcurl.so.4")

    def test_a_program_of_this_system_misses_nothing(self):
        assert missing_libraries(Path(sys.executable)) == []
