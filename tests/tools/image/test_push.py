"""Pushing: once per commit, by digest, to a registry that stands in AWS' place."""

from __future__ import annotations

import hashlib
import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from shared.base.aws import client
from tools.image.engine import ROOT, Engine
from tools.image.push import publish, refusing_in_words
from tools.image.refusal import ImageRefused


def empty_manifest(text: str) -> str:
    """Return an image manifest whose configuration is `text`."""
    kind = "application/vnd.docker.container.image.v1+json"
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    config = {"mediaType": kind, "size": len(text), "digest": digest}
    manifest = {"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": config, "layers": []}
    return json.dumps({"schemaVersion": 2} | manifest)


class PushesToMoto:
    """Stands for an engine: puts an image straight into the registry, and remembers the tag and the login it got."""

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.logins: list[dict[str, Any]] = []

    def __call__(self, tag: str, login: Path) -> None:
        self.tags.append(tag)
        self.logins.append(json.loads((login / "config.json").read_text()))
        client("ecr").put_image(
            repositoryName="tradepost", imageTag=tag.rsplit(":", 1)[1], imageManifest=empty_manifest(tag)
        )


@pytest.fixture
def registry(aws):
    ecr = client("ecr")
    ecr.create_repository(repositoryName="tradepost", imageTagMutability="IMMUTABLE")
    yield ecr
    ecr.delete_repository(repositoryName="tradepost", force=True)


class TestPublish:
    def test_names_the_pushed_image_by_its_digest(self, registry):
        revision, engine = uuid.uuid4().hex, PushesToMoto()

        address = publish(registry, revision, engine)

        repository = registry.describe_repositories(repositoryNames=["tradepost"])["repositories"][0]["repositoryUri"]
        stored = registry.describe_images(repositoryName="tradepost", imageIds=[{"imageTag": revision}])["imageDetails"]
        assert address == f"{repository}@{stored[0]['imageDigest']}"
        assert engine.tags == [f"{repository}:{revision}"]

    def test_builds_nothing_when_the_commit_was_pushed_before(self, registry):
        revision, engine = uuid.uuid4().hex, PushesToMoto()
        first = publish(registry, revision, engine)

        assert publish(registry, revision, engine) == first
        assert len(engine.tags) == 1

    def test_signs_in_at_the_registrys_host_only(self, registry):
        engine = PushesToMoto()

        publish(registry, uuid.uuid4().hex, engine)

        host = engine.tags[0].split("/")[0]
        assert list(engine.logins[0]["auths"]) == [host]
        assert engine.logins[0]["auths"][host]["auth"]

    def test_refuses_a_push_that_left_nothing_behind(self, registry):
        with pytest.raises(ImageRefused, match="does not know the tag"):
            publish(registry, uuid.uuid4().hex, lambda tag, login: None)

    @pytest.mark.usefixtures("aws")
    def test_says_what_to_deploy_when_there_is_no_repository(self):
        with pytest.raises(ImageRefused, match=r"deploy deploy/registry\.yml first"):
            publish(client("ecr"), "a" * 40, PushesToMoto())


class TestFailures:
    @pytest.mark.parametrize(
        ("failure", "said"),
        [
            (NoRegionError(), "AWS_DEFAULT_REGION"),
            (NoCredentialsError(), "credentials"),
            (ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "PutImage"), "not you"),
        ],
    )
    def test_of_aws_are_told_in_a_sentence(self, failure, said):
        with pytest.raises(ImageRefused, match=said), refusing_in_words():
            raise failure

    @pytest.mark.parametrize("name", ["docker", "podman", "buildah"])
    def test_of_the_engine_are_told_in_a_sentence(self, name, tmp_path):
        with pytest.raises(ImageRefused, match=f"`{name} push` failed"):
            Engine(name, ("false",)).push("registry.example/tradepost:1", tmp_path)

    def test_docker_is_given_the_login_as_its_configuration(self, tmp_path, capfd):
        Engine("docker", ("echo",)).push("registry.example/tradepost:1", tmp_path)

        assert capfd.readouterr().out == f"--config {tmp_path} push registry.example/tradepost:1\n"


class TestTemplate:
    def test_is_clean(self):
        linted = subprocess.run(
            [ROOT / ".tradepost/venv/bin/cfn-lint", ROOT / "deploy/registry.yml"], capture_output=True, text=True
        )
        assert linted.stdout == ""
        assert linted.returncode == 0
