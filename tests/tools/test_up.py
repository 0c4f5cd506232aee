"""The supervisor on a tiny platform: real stores, real gunicorns, real deaths."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.tools.platform import PORTS, TinyPlatform, eventually, is_alive, running
from tools.ports import free_offset, free_port
from tools.stores import start_mongod


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with running(tmp_path_factory.mktemp("up") / "state") as platform:
        yield platform


class TestRunningPlatform:
    def test_shows_every_process_ready_with_its_memory(self, platform):
        # Another test may just have killed one of them.
        assert eventually(lambda: platform.run("status").returncode == 0)
        shown = platform.run("status")

        lines = {line.split()[0]: line.split() for line in shown.stdout.splitlines()[2:]}
        assert set(lines) == {"mongod", "valkey-server", "tiny", "second", "scheduler"}
        assert all(int(columns[5]) > 0 for columns in lines.values())

    def test_says_how_long_it_took_and_what_it_uses(self, platform):
        assert "Healthy after" in platform.said()
        assert "MiB PSS in all, stores included" in platform.said()

    def test_gives_each_workload_an_environment_of_its_own(self, platform):
        tiny, second = platform.get(8080, "/environment"), platform.get(8081, "/environment")

        assert tiny["SERVICE_SECRET"] != second["SERVICE_SECRET"]
        assert tiny["MONGODB_URI"].endswith("/tradepost_tiny?replicaSet=tradepost&authSource=admin")
        assert second["PROMETHEUS_MULTIPROC_DIR"] == str(platform.state / "run" / "metrics" / "second")
        assert "PSP_API_KEY" not in tiny

    def test_keeps_secrets_from_other_users_of_the_machine(self, platform):
        for name in ("secrets.json", "signing-key.pem"):
            assert (platform.state / name).stat().st_mode & 0o077 == 0

    def test_refuses_a_second_start_in_one_sentence(self, platform):
        refused = platform.run("up")

        assert refused.returncode == 1
        assert refused.stderr == (
            f"Tradepost already runs from this folder (pid {platform.supervisor_pid()}): "
            "see `make status`, or stop it with `make down`.\n"
        )

    def test_refuses_to_clear_data_in_use(self, platform):
        refused = platform.run("reset")

        assert refused.returncode == 1
        assert "make down" in refused.stderr
        assert (platform.state / "data" / "mongod").is_dir()

    def test_restarts_a_workload_that_dies_and_says_so(self, platform):
        before = platform.processes()["second"]
        platform.post(8081, "/end")

        assert eventually(lambda: platform.processes()["second"]["restarts"] == before["restarts"] + 1)
        assert eventually(lambda: platform.get(8081, "/arbiter")["pid"] != before["pid"])
        assert "second died (SIGKILL)" in platform.said()

    def test_leaves_no_worker_behind_when_its_master_is_killed(self, platform):
        orphan = platform.get(8080, "/arbiter")
        os.kill(orphan["pid"], signal.SIGKILL)

        assert eventually(lambda: not is_alive(orphan["worker"]))

    def test_restarts_a_store_that_dies(self, platform):
        before = platform.processes()["valkey-server"]
        os.kill(before["pid"], signal.SIGKILL)

        assert eventually(lambda: platform.processes()["valkey-server"]["pid"] not in {0, before["pid"]})
        assert eventually(lambda: platform.processes()["valkey-server"]["state"] == "ready")

    def test_shows_the_end_of_a_log(self, platform):
        shown = platform.run("logs", "supervisor", "--no-follow")

        assert "Healthy after" in shown.stdout

    def test_names_the_logs_there_are(self, platform):
        refused = platform.run("logs", "warehouse", "--no-follow")

        assert refused.returncode == 1
        assert "There is no workload warehouse; there are gateway, users," in refused.stderr


class TestStopAndStart:
    def test_down_ends_every_process_and_keeps_the_data(self, tmp_path):
        with running(tmp_path / "state") as platform:
            pids = [entry["pid"] for entry in platform.processes().values()]
            stopped = platform.run("down")

            assert stopped.returncode == 0
            assert not any(is_alive(pid) for pid in pids)
            assert (tmp_path / "state" / "data" / "mongod" / "WiredTiger").exists()
            assert platform.run("status").returncode == 1
            assert platform.run("reset").returncode == 0
            assert not (tmp_path / "state" / "data").exists()

    def test_a_killed_supervisor_leaves_no_process_and_the_next_start_succeeds(self, tmp_path):
        with running(tmp_path / "state") as platform:
            pids = [entry["pid"] for entry in platform.processes().values()]
            os.kill(platform.supervisor_pid(), signal.SIGKILL)
            again = platform.run("up", "--detach")

            assert again.returncode == 0, again.stdout + again.stderr
            assert not any(is_alive(pid) for pid in pids)
            assert platform.run("status").returncode == 0


class TestRefusals:
    def test_names_the_taken_port_and_who_has_it(self, tmp_path):
        platform = TinyPlatform(tmp_path / "state", free_offset(PORTS))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 8081 + platform.offset))
            taken.listen()
            refused = platform.run("up")

        assert refused.returncode == 1
        assert f"A port is taken: {8081 + platform.offset} for second (by " in refused.stderr
        assert f"pid {os.getpid()}" in refused.stderr
        assert "PORT_OFFSET=100" in refused.stderr

    def test_names_the_workload_that_cannot_start_and_stops_the_rest(self, tmp_path):
        broken = tmp_path / "broken"
        broken.touch()
        platform = TinyPlatform(tmp_path / "state", free_offset(PORTS), BROKEN_WHILE=str(broken))

        refused = platform.run("up", "--detach")

        assert refused.returncode == 1
        assert "died 3 times" in refused.stdout
        assert "make logs SERVICE=" in refused.stdout
        assert platform.run("status").returncode == 1

    def test_names_the_mongod_that_holds_the_data(self, tmp_path):
        platform = TinyPlatform(tmp_path / "state", free_offset(PORTS))
        other = start_mongod(Path(platform.state) / "data" / "mongod", free_port(), throw_away=True)
        try:
            refused = platform.run("up")
        finally:
            other.stop()

        assert refused.returncode == 1
        assert "Another mongod still uses" in refused.stderr
        assert str(other.pid) not in refused.stdout

    def test_starts_on_the_data_of_a_mongod_that_was_killed(self, tmp_path):
        folder = tmp_path / "state" / "data" / "mongod"
        platform = TinyPlatform(tmp_path / "state", free_offset(PORTS))
        start_mongod(folder, 8087 + platform.offset, throw_away=True).kill()
        assert (folder / "mongod.lock").read_text().strip()

        started = platform.run("up", "--detach")
        platform.run("down")

        assert started.returncode == 0, started.stdout
