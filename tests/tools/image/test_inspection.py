"""The inspection of an image: each thing that must not be is found, in a good image nothing is."""

from __future__ import annotations

import json

import pytest

from tools.image import inspection

GOOD = {
    "User": "10001:10001",
    "Volumes": {inspection.VOLUME: {}},
    "ExposedPorts": {"8080/tcp": {}},
    "Cmd": ["gunicorn"],
    "Labels": {f"org.opencontainers.image.{name}": "x" for name in inspection.LABELS},
}
LOCK = "flask==3.1.3 \\\n    --hash=sha256:0\nBootstrap-Flask==2.6.0 ; python_version < '4'\n"


@pytest.fixture
def root(tmp_path):
    """A small unpacked image that is as it must be."""
    for name in inspection.NEEDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    (tmp_path / "app/shared").mkdir()
    (tmp_path / "app/shared/health.pyc").write_text("x")
    for folder in (*inspection.PROGRAMS, "app/venv/lib/python3.11/site-packages"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "usr/bin/python3").write_text("x")
    for each in ("flask-3.1.3", "bootstrap_flask-2.6.0"):
        (tmp_path / f"app/venv/lib/python3.11/site-packages/{each}.dist-info").mkdir()
    listed = [
        {"name": "Flask", "version": "3.1.3", "purl": "pkg:pypi/flask@3.1.3"},
        {"name": "Bootstrap-Flask", "version": "2.6.0", "purl": "pkg:pypi/bootstrap-flask@2.6.0"},
        {"name": "libc6", "version": "2", "purl": "pkg:deb/debian/libc6@2"},
    ]
    (tmp_path / "app/sbom.cdx.json").write_text(json.dumps({"components": listed}))
    return tmp_path


class TestConfig:
    def test_accepts_what_is_asked_for(self):
        assert list(inspection.faults_of_config(GOOD)) == []

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"User": ""}, "runs as 'root'"),
            ({"User": "10001"}, "must run as 10001:10001"),
            ({"Volumes": None}, "not declared a volume"),
            ({"ExposedPorts": {}}, "8080"),
            ({"Cmd": ["/bin/sh", "-c", "gunicorn"]}, "shell"),
            ({"Labels": None}, "image.source is missing"),
        ],
    )
    def test_finds_what_differs(self, change, fault):
        assert any(fault in each for each in inspection.faults_of_config(GOOD | change))


class TestFiles:
    def test_accepts_a_good_image(self, root):
        assert list(inspection.faults_of_files(root)) == []

    @pytest.mark.parametrize("name", ["gcc", "x86_64-linux-gnu-gcc-12", "make", "pip3", "curl", "ld"])
    def test_finds_tools(self, root, name):
        (root / "usr/bin" / name).write_text("x")
        assert any(f"/usr/bin/{name} builds" in each for each in inspection.faults_of_files(root))

    @pytest.mark.parametrize("name", ["app/tests", "app/.tradepost", "app/loadtests"])
    def test_finds_what_does_not_belong(self, root, name):
        (root / name).mkdir()
        assert list(inspection.faults_of_files(root)) == [f"/{name} does not belong into the image."]

    def test_finds_a_missing_licence(self, root):
        (root / "app/LICENSE").unlink()
        assert list(inspection.faults_of_files(root)) == ["/app/LICENSE is missing."]

    def test_finds_a_volume_that_nobody_else_may_write(self, root):
        (root / "tmp").chmod(0o755)
        assert "mode 755" in next(inspection.faults_of_files(root))

    def test_finds_files_that_others_may_change(self, root):
        (root / "app/LICENSE").chmod(0o666)
        assert "/app/LICENSE can be changed by a user who is not root." in inspection.faults_of_owner(root)


class TestBorrowing:
    def test_finds_settings_left_in_a_file_or_in_the_history(self, root):
        assert list(inspection.faults_of_borrowing(root, "RUN pip", "borrowed-1")) == []
        (root / "app/pip.conf").write_text("# borrowed-1\n")

        found = list(inspection.faults_of_borrowing(root, "RUN pip borrowed-1", "borrowed-1"))

        assert len(found) == 2
        assert found[1] == "/app/pip.conf keeps settings of the machine that built the image."


class TestBill:
    def test_accepts_a_bill_that_lists_what_is_installed(self, root):
        assert list(inspection.faults_of_bill(root, LOCK)) == []

    def test_finds_what_is_not_listed_and_not_locked(self, root):
        (root / "app/venv/lib/python3.11/site-packages/stray-1.0.dist-info").mkdir()
        assert list(inspection.faults_of_bill(root, LOCK)) == [
            "stray 1.0 is installed but not in the SBOM.",
            "stray 1.0 is installed but not locked.",
        ]


class TestSize:
    def test_fails_from_the_limit_on(self):
        assert list(inspection.faults_of_size(199_999_999)) == []
        assert list(inspection.faults_of_size(200_000_000)) == ["The image has 200 MB compressed; the limit is 200 MB."]
