"""A push as `make image-push` does it, to a real registry on this machine (Debian's `docker-registry`)."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tools.image.engine import has_programs, private_buildah
from tools.ports import free_port

MISSING = has_programs(["buildah", "docker-registry"])
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="buildah in a chroot needs root"),
]


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry without TLS on a free port; returns its host and port."""
    host = f"127.0.0.1:{free_port()}"
    config = tmp_path / "registry.json"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}
    config.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": host}}))
    trusted = tmp_path / "registries.conf"
    trusted.write_text(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(trusted))
    with subprocess.Popen(["docker-registry", "serve", str(config)], stderr=subprocess.DEVNULL) as server:
        assert answers(f"http://{host}/v2/")
        yield host
        server.terminate()


def answers(url: str) -> bool:
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except OSError:
            time.sleep(0.05)
    return False


class TestPush:
    def test_leaves_the_image_under_its_tag(self, registry, tmp_path):
        engine = private_buildah(tmp_path / "store")
        (tmp_path / "config.json").write_text(json.dumps({"auths": {registry: {"auth": "QVdTOnNlY3JldA=="}}}))
        tag = f"{registry}/tradepost:{'a' * 40}"
        engine.output_of("commit", "--quiet", engine.output_of("from", "scratch"), tag)

        engine.push(tag, Path(tmp_path))

        with urllib.request.urlopen(f"http://{registry}/v2/tradepost/tags/list", timeout=5) as answer:
            assert json.load(answer)["tags"] == ["a" * 40]
