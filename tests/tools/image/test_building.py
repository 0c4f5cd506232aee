"""What goes into a build: the machine's mirrors as secrets, Debian's packages in the bill, a command per workload."""

from __future__ import annotations

import os
import re

import pytest

from tools.image.building import current_revision
from tools.image.commands import commands, trial_of
from tools.image.engine import BASE_NAME, ROOT, choose_engine
from tools.image.machine import apt_sources, lend, pip_conf
from tools.image.refusal import ImageRefused
from tools.image.sbom import with_debian


class TestLend:
    def test_keeps_where_packages_come_from_and_nothing_else(self):
        listed = "global.index-url='https://pypi.example/simple'\n:env:.retries='2'\nglobal.user='true'\n"

        conf = pip_conf(listed)

        assert "index-url = https://pypi.example/simple" in conf
        assert "retries = 2" in conf
        assert "user" not in conf

    def test_marks_every_secret_and_hides_it_from_others(self, tmp_path):
        lent = lend(tmp_path, "borrowed-7", {})

        assert "pip_conf" in lent
        for path in lent.values():
            assert path.read_text().startswith("# borrowed-7\n")
            assert os.stat(path).st_mode & 0o077 == 0

    def test_names_no_certificates_to_pip_that_it_does_not_lend(self, tmp_path):
        without = lend(tmp_path, "borrowed-7", {"PIP_CERT": str(tmp_path / "none.pem")})

        assert "ca_certificates" not in without
        assert "cert =" not in without["pip_conf"].read_text()

    def test_takes_no_archive_of_another_debian(self):
        assert {each.suite.split("-")[0] for each in apt_sources()} <= {"bookworm"}


class TestBill:
    def test_adds_debians_packages(self):
        bill = with_debian({"components": [{"name": "flask"}]}, "zlib1g\t1:1.2+dfsg~1\tamd64\n")

        assert [each["name"] for each in bill["components"]] == ["flask", "zlib1g"]
        assert bill["components"][1]["purl"] == "pkg:deb/debian/zlib1g@1%3A1.2%2Bdfsg~1?arch=amd64&distro=bookworm"


class TestEngine:
    def test_refuses_one_it_does_not_know(self):
        with pytest.raises(ImageRefused, match="ENGINE is 'kaniko'"):
            choose_engine("kaniko")


class TestRevision:
    def test_is_refused_where_there_is_no_commit(self, tmp_path):
        with pytest.raises(ImageRefused, match="git"):
            current_revision(tmp_path)


class TestCommands:
    def test_cover_every_service_and_portal(self):
        assert {"gateway", "users", "orders-worker", "orders-jobs", "customer", "admin"} <= set(commands())

    def test_a_server_is_tried_by_its_own_check(self):
        command = ("gunicorn", "-c", "python:shared.web.gunicorn", "services.users.app:create_app()")
        assert trial_of(command) == (command[0], "--check-config", *command[1:])

    def test_a_scheduled_job_is_tried_by_its_name(self):
        trial = trial_of(("python", "-m", "shared.events.jobs", "services.orders", "attend_due_orders"))
        assert trial[2].endswith("services.orders.jobs.attend_due_orders.enqueue")

    def test_refuses_a_command_it_cannot_try(self):
        with pytest.raises(ImageRefused, match="starts neither"):
            trial_of(("bash", "start.sh"))


class TestDockerfile:
    def test_names_the_base_that_a_machine_without_a_registry_makes(self):
        dockerfile = (ROOT / "Dockerfile").read_text()
        assert re.findall(r"^ARG BASE=(\S+)$", dockerfile, re.MULTILINE) == [BASE_NAME]

    def test_lets_nothing_in_that_is_not_named(self):
        rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
        assert rules[0] == "*"
        assert not [rule for rule in rules if re.match(r"!(tests|loadtests|tools$|tools/stores|\.tradepost)", rule)]
