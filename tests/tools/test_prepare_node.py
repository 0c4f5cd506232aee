"""Node.js and its packages come from locks, below the state folder, whatever the machine's own npm is set to."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from tools.prepare_environment import LOCKS, Preparation
from tools.prepare_folders import write_stamp
from tools.prepare_installers import PreparationFailed
from tools.prepare_node import NODE, NPM, NPM_FILES, install_npm_packages, npm_command, npm_environment, npm_hash


def package_lock() -> dict[str, dict[str, object]]:
    """The locked packages by their folder; the first is what package.json itself says."""
    return json.loads(NPM_FILES[1].read_text(encoding="utf-8"))["packages"]


class TestLock:
    def test_is_of_exact_versions(self):
        asked = json.loads(NPM_FILES[0].read_text(encoding="utf-8"))["dependencies"]

        assert package_lock()[""]["dependencies"] == asked
        assert {name: package_lock()[f"node_modules/{name}"]["version"] for name in asked} == asked

    def test_has_a_hash_and_no_address_of_a_registry_for_each_package(self):
        packages = {folder: package for folder, package in package_lock().items() if folder}

        assert [folder for folder, package in packages.items() if not package.get("integrity")] == []
        assert [folder for folder, package in packages.items() if "resolved" in package] == []


class TestEnvironment:
    def test_leaves_out_a_persons_settings(self, tmp_path):
        given = {
            "NODE_ENV": "production",
            "NODE_OPTIONS": "--inspect",
            "npm_config_omit": "dev",
            "NPM_CONFIG_PREFIX": "/x",
        }

        assert set(given) & set(npm_environment(given, tmp_path)) == set()

    def test_keeps_registry_proxy_and_certificates(self, tmp_path):
        given = {
            "NODE_EXTRA_CA_CERTS": "/ca",
            "HTTPS_PROXY": "http://proxy",
            "npm_config_registry": "http://npm",
            "NPM_CONFIG_CAFILE": "/ca",
        }

        assert given.items() <= npm_environment(given, tmp_path).items()

    def test_has_its_cache_in_our_folder(self, tmp_path):
        assert npm_environment({"npm_config_cache": "/x"}, tmp_path)["npm_config_cache"] == str(tmp_path / "cache/npm")


class TestPackages:
    @pytest.fixture
    def state(self, tmp_path):
        """A state folder whose `node` is a program that writes down how it is called."""
        for path in (NODE, NPM):
            (tmp_path / "node" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "node" / NPM).write_text("")
        return tmp_path

    def play_node(self, state: Path, script: str) -> None:
        program = state / "node" / NODE
        program.write_text(f"#!{sys.executable}\nimport os, sys\n{script}\n")
        program.chmod(0o755)

    def test_run_none_of_their_scripts(self, state):
        assert "--ignore-scripts" in npm_command(state, "ci", state / "npm")

    def test_replace_the_older_ones_when_all_are_there(self, state):
        (state / "npm" / "node_modules" / "older").mkdir(parents=True)
        self.play_node(state, "os.makedirs(sys.argv[sys.argv.index('--prefix') + 1] + '/node_modules/newer')")

        install_npm_packages(state, dict(os.environ), state / "log")

        assert os.listdir(state / "npm" / "node_modules") == ["newer"]
        assert sorted(os.listdir(state / "npm")) == [
            "installed.json",
            "node_modules",
            "package-lock.json",
            "package.json",
        ]

    def test_that_cannot_be_installed_leave_the_older_ones(self, state):
        (state / "npm" / "node_modules" / "older").mkdir(parents=True)
        self.play_node(state, "sys.exit('npm error code EINTEGRITY')")

        with pytest.raises(PreparationFailed, match="EINTEGRITY"):
            install_npm_packages(state, dict(os.environ), state / "log")
        assert os.listdir(state / "npm" / "node_modules") == ["older"]


class TestPreparation:
    @pytest.mark.parametrize(("lock", "needs"), [(npm_hash(), False), ("of another lock", True)])
    def test_installs_packages_again_when_their_lock_changed(self, tmp_path, lock, needs):
        (tmp_path / "npm").mkdir()
        write_stamp(tmp_path / "npm", {"lock": lock})

        assert Preparation(tmp_path, {}).needs_npm() is needs

    def test_unpacks_node_again_when_its_program_is_gone(self, tmp_path):
        (tmp_path / "node").mkdir()
        write_stamp(tmp_path / "node", {"lock": hashlib.sha256((LOCKS / "node.txt").read_bytes()).hexdigest()})

        assert Preparation(tmp_path, {}).needs_node()
