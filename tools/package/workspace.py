"""The workspace copilot/ as Copilot sees it: one application, its environments, its workloads, and who lives where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.package.findings import Finding
from tools.package.reading import Unreadable, map_at, maps_at, read_manifest

SCHEDULED_JOB = "Scheduled Job"
WEB = "Load Balanced Web Service"
BACKEND = "Backend Service"
WORKER = "Worker Service"

# Copilot has no word for "in these environments only"; a workload that is not named here runs in all of them.
ONLY_IN: Mapping[str, tuple[str, ...]] = {"psp-sandbox": ("test",)}


@dataclass(frozen=True)
class Workload:
    """A workload's manifest; `file` is its path relative to the repository."""

    name: str
    file: str
    manifest: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Copilot's type: one of the four constants above, or the text of the manifest."""
        return str(self.manifest.get("type", ""))

    @property
    def noun(self) -> str:
        """The subcommand that packages it."""
        return "job" if self.kind == SCHEDULED_JOB else "svc"

    def lives_in(self, environment: str) -> bool:
        return environment in ONLY_IN.get(self.name, (environment,))

    def in_environment(self, environment: str) -> dict[str, Any]:
        """Return the manifest as this environment gets it: maps merge, everything else is replaced."""
        own = map_at(self.manifest, f"environments.{environment}")
        return merged({key: value for key, value in self.manifest.items() if key != "environments"}, own)

    def topics(self) -> Iterator[tuple[str, bool]]:
        """Yield the name of each topic it publishes, and whether that is a FIFO topic."""
        for topic in maps_at(self.manifest, "publish.topics"):
            yield str(topic.get("name", "")), bool(topic.get("fifo"))


@dataclass(frozen=True)
class Environment:
    """An environment's manifest; `file` is its path relative to the repository."""

    name: str
    file: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline's manifest; `file` is its path relative to the repository."""

    name: str
    file: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Workspace:
    """A repository with a copilot/ folder; `unreadable` are the manifests that are no YAML."""

    root: Path
    app: str
    environments: tuple[Environment, ...]
    workloads: tuple[Workload, ...]
    pipelines: tuple[Pipeline, ...]
    unreadable: tuple[Finding, ...]

    @property
    def folder(self) -> Path:
        return self.root / "copilot"

    @property
    def environment_names(self) -> list[str]:
        return [each.name for each in self.environments]

    def workloads_of(self, environment: str) -> list[Workload]:
        return [each for each in self.workloads if each.lives_in(environment)]


def read_workspace(root: Path) -> Workspace:
    """Read every manifest under `root`/copilot. Raises FileNotFoundError when there is no workspace."""
    folder = root.resolve() / "copilot"
    app = str(read_manifest(folder / ".workspace")["application"])
    unreadable: list[Finding] = []

    def manifests(pattern: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path in sorted(folder.glob(pattern)):
            file = str(path.relative_to(root.resolve()))
            try:
                yield path.parent.name, file, read_manifest(path)
            except Unreadable as fault:
                unreadable.append(Finding(file, f"line {fault.line}", fault.advice))

    return Workspace(
        root=root.resolve(),
        app=app,
        environments=tuple(Environment(*each) for each in manifests("environments/*/manifest.yml")),
        workloads=tuple(Workload(*each) for each in manifests("*/manifest.yml")),
        pipelines=tuple(Pipeline(*each) for each in manifests("pipelines/*/manifest.yml")),
        unreadable=tuple(unreadable),
    )


def merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay an environment's part over the rest as Copilot does."""
    result = dict(base)
    for key, value in own.items():
        under = base.get(key)
        both_maps = isinstance(under, Mapping) and isinstance(value, Mapping)
        result[key] = merged(under, value) if both_maps else value  # type: ignore[arg-type]
    return result
