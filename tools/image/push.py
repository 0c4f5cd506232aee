"""`make image-push`: one build and one push per commit, into the repository of deploy/registry.yml, named by digest."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.base.aws import client
from tools.image.building import build, current_revision
from tools.image.engine import ROOT, Engine, choose_engine
from tools.image.refusal import ImageRefused

REPOSITORY = "tradepost"
ENVIRONMENT_FILE = ROOT / "build/image.env"

# Builds the image under the given name and pushes it, having signed in by the folder of docker's `config.json`.
BuildAndPush = Callable[[str, Path], None]


def push() -> int:
    """Push this commit's image unless the registry has it; write and print its address; return the exit status."""
    revision = current_revision()
    if revision.endswith("-dirty"):
        raise ImageRefused("The work tree differs from its commit: commit or remove the changes, then push the image.")
    engine = choose_engine(os.environ.get("ENGINE", ""))
    with refusing_in_words():
        address = publish(client("ecr"), revision, _builder(engine, revision))
    line = f"TRADEPOST_IMAGE={address}"
    ENVIRONMENT_FILE.parent.mkdir(exist_ok=True)
    ENVIRONMENT_FILE.write_text(line + "\n")
    print(line)
    return 0


@contextmanager
def refusing_in_words() -> Iterator[None]:
    """Turn a refusal of AWS, or no answer, into an ImageRefused."""
    try:
        yield
    except (BotoCoreError, ClientError) as failure:
        said = str(failure).rstrip(".")
        raise ImageRefused(
            f"The registry did not answer: {said}. Set AWS_DEFAULT_REGION, and credentials that may use ECR."
        ) from None


def publish(registry: Any, revision: str, build_and_push: BuildAndPush) -> str:
    """Return the address by digest of the image tagged `revision`, which is built and pushed when there is none yet."""
    repository = _repository(registry)
    digest = _digest(registry, revision)
    if digest is None:
        with tempfile.TemporaryDirectory(prefix="tradepost-login-") as login:
            _write_login(registry, repository, Path(login) / "config.json")
            build_and_push(f"{repository}:{revision}", Path(login))
        digest = _digest(registry, revision)
    if digest is None:
        raise ImageRefused(f"The push of {repository}:{revision} ended well, but the registry does not know the tag.")
    return f"{repository}@{digest}"


def _repository(registry: Any) -> str:
    """Return the repository's address, without a scheme."""
    try:
        found = registry.describe_repositories(repositoryNames=[REPOSITORY])
    except registry.exceptions.RepositoryNotFoundException:
        raise ImageRefused(
            f"There is no ECR repository {REPOSITORY} in {registry.meta.region_name}: deploy deploy/registry.yml first."
        ) from None
    return str(found["repositories"][0]["repositoryUri"])


def _digest(registry: Any, revision: str) -> str | None:
    try:
        found = registry.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": revision}])
    except registry.exceptions.ImageNotFoundException:
        return None
    return str(found["imageDetails"][0]["imageDigest"])


def _write_login(registry: Any, repository: str, file: Path) -> None:
    """Write the registry's password for the engine: in a file of our own, not on a command line that all can read."""
    token = registry.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    file.touch(mode=0o600)
    file.write_text(json.dumps({"auths": {repository.split("/", 1)[0]: {"auth": token}}}))


def _builder(engine: Engine, revision: str) -> BuildAndPush:
    def build_and_push(tag: str, login: Path) -> None:
        build(engine, tag, revision, base=os.environ.get("BASE", ""))
        engine.push(tag, login)

    return build_and_push
