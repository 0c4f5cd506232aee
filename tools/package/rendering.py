"""Renders every environment, workload and pipeline of the workspace into build/package/."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.package import seeding
from tools.package.copilot import Copilot
from tools.package.emulator import emulated_aws
from tools.package.findings import Finding
from tools.package.reading import at
from tools.package.values import ARTIFACTS_BUCKET
from tools.package.workspace import Environment, Pipeline, Workload, Workspace

# The binary waits for the emulator, which answers one request after the other: more than two gain nothing.
PARALLEL = 2


@dataclass(frozen=True)
class Step:
    """One stack's rendering: `what` names it for people, `refusal` is the binary's reason, or nothing."""

    what: str
    file: str
    seconds: float
    refusal: str

    def findings(self) -> Iterator[Finding]:
        if self.refusal:
            yield Finding(self.file, "", f"Copilot refuses it: {self.refusal}")


@dataclass(frozen=True)
class Selection:
    """What to render: an empty collection means all. Environments are rendered anyhow, workloads need theirs."""

    environments: Collection[str] = field(default=())
    workloads: Collection[str] = field(default=())

    def has_environment(self, name: str) -> bool:
        return not self.environments or name in self.environments

    def has_workload(self, name: str) -> bool:
        return not self.workloads or name in self.workloads


@contextmanager
def copilot_offline(workspace: Workspace, values: Mapping[str, str]) -> Iterator[Copilot]:
    """Give the binary an account in which the application and its environments are registered."""
    connections = (str(at(each.manifest, "source.properties.connection_name", "")) for each in workspace.pipelines)
    with emulated_aws(domain=values["DOMAIN"], connections=tuple(filter(None, connections))) as aws:
        seeding.seed_application(aws, workspace)
        yield Copilot(workspace, aws, values)


def render(
    copilot: Copilot, out: Path, selection: Selection, report: Callable[[Step], None] = lambda step: None
) -> list[Step]:
    """Render what is selected into `out`/<environment>, with the artefacts the templates point to; print each step."""
    steps: list[Step] = []
    for environment in copilot.workspace.environments:
        if selection.has_environment(environment.name):
            steps += _reported(_environment_and_workloads(copilot, environment, out, selection), report)
    if not selection.environments and not selection.workloads:
        _emptied(out / "pipelines")
        steps += _reported((_pipeline(copilot, each, out) for each in copilot.workspace.pipelines), report)
    _download_artifacts(copilot, out / "artifacts")
    return steps


def render_environment(copilot: Copilot, environment: Environment, out: Path) -> Step:
    """Render one environment, and let workloads be judged against it from now on."""
    folder = _emptied(out / environment.name)
    name = environment.name
    seeding.seed_bare_environment(copilot.aws, copilot.workspace, name)
    step = _timed(f"{name}: environment", environment.file, lambda: copilot.package_environment(name, folder))
    if not step.refusal:
        seeding.seed_packaged_environment(copilot.aws, copilot.workspace, name, folder / f"{name}.env.yml")
        seeding.seed_topics(copilot.aws, copilot.workspace, name, folder / "env.addons.yml")
    return step


def render_workload(copilot: Copilot, workload: Workload, environment: str, out: Path) -> Step:
    """Render one workload for an environment that was rendered before."""
    folder = out / environment
    step = _timed(
        f"{environment}: {workload.name}",
        workload.file,
        lambda: copilot.package_workload(workload.noun, workload.name, environment, folder),
    )
    if step.refusal:
        # What a refused rendering leaves behind is half written.
        for path in (*folder.glob(f"{workload.name}-{environment}.*"), *folder.glob(f"{workload.name}.addons.*")):
            path.unlink()
    return step


def _environment_and_workloads(
    copilot: Copilot, environment: Environment, out: Path, selection: Selection
) -> Iterator[Step]:
    step = render_environment(copilot, environment, out)
    yield step
    if step.refusal:
        return
    chosen = [each for each in copilot.workspace.workloads_of(environment.name) if selection.has_workload(each.name)]
    with ThreadPoolExecutor(PARALLEL) as pool:
        yield from pool.map(lambda each: render_workload(copilot, each, environment.name, out), chosen)


def _pipeline(copilot: Copilot, pipeline: Pipeline, out: Path) -> Step:
    name = str(pipeline.manifest.get("name", pipeline.name))
    return _timed(f"pipeline {name}", pipeline.file, lambda: copilot.package_pipeline(name, out / "pipelines"))


def _timed(what: str, file: str, run: Callable[[], str]) -> Step:
    begun = time.monotonic()
    refusal = run()
    return Step(what, file, time.monotonic() - begun, refusal)


def _reported(steps: Iterator[Step], report: Callable[[Step], None]) -> Iterator[Step]:
    for step in steps:
        report(step)
        yield step


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _download_artifacts(copilot: Copilot, folder: Path) -> None:
    """Keep what `--upload-assets` put into the bucket: Lambda code and addon templates, named by their content."""
    storage = copilot.aws.client("s3")
    _emptied(folder)
    for item in storage.list_objects_v2(Bucket=ARTIFACTS_BUCKET).get("Contents", []):
        target = folder / item["Key"]
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.download_file(ARTIFACTS_BUCKET, item["Key"], str(target))
