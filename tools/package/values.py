"""The values of ${NAMES} in manifests: an environment variable where one is set, else what a rehearsal uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.package.findings import Finding
from tools.package.workspace import Workspace

ACCOUNT = "123456789012"
REGION = "us-east-1"
# A release's templates name the artefact bucket, its key and the account; deploy/without-copilot.sh puts the
# true ones in their place, so these words must have no other meaning.
ARTIFACTS_BUCKET = f"tradepost-artifacts-{ACCOUNT}-{REGION}"
ARTIFACTS_KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"

# Placeholders of a real environment's values until they are set.
REHEARSAL: Mapping[str, str] = {
    "TRADEPOST_IMAGE": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/tradepost@sha256:{'0' * 64}",
    "ALB_CERT_ARN": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000",
    "DOMAIN": "shop.example.com",
    "OWNER_EMAIL": "owner@example.com",
}

# `\${X}` is Copilot's way to write a dollar that is none of its own.
_NAME = re.compile(r"(?<!\\)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OWN = ("COPILOT_APPLICATION_NAME", "COPILOT_ENVIRONMENT_NAME")


def placeholders(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield (file, NAME) for each value that the manifests take from the environment, comments left out."""
    files = [each.file for each in workspace.environments]
    files += [each.file for each in workspace.workloads] + [each.file for each in workspace.pipelines]
    for file in files:
        lines = (workspace.root / file).read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        for name in sorted(set(_NAME.findall(text)) - set(_OWN)):
            yield file, name


def values_for(workspace: Workspace, given: Mapping[str, str]) -> dict[str, str]:
    """Return NAME -> value for every placeholder that has one."""
    names = {name for _, name in placeholders(workspace)} | {"DOMAIN"}
    known = {**REHEARSAL, **{name: value for name, value in given.items() if value}}
    return {name: known[name] for name in sorted(names) if name in known}


def placeholder_findings(workspace: Workspace, values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what Copilot would stop at: names without a value."""
    for file, name in placeholders(workspace):
        if name not in values:
            yield Finding(
                file, f"${{{name}}}", f"has no value; set {name}, or give rehearsals one in tools/package/values.py"
            )
