"""Rules for a workload's manifest that neither Copilot nor cfn-lint checks, for each of its environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.package.findings import Finding
from tools.package.reading import at, is_true, map_at
from tools.package.secret_names import MADE_BY_BOOTSTRAP, full_name
from tools.package.sizes import is_fargate_size
from tools.package.workspace import SCHEDULED_JOB, WEB, WORKER, Workload, Workspace

IMAGE = "${TRADEPOST_IMAGE}"
RETENTION_DAYS = {"test": 7, "staging": 30, "prod": 365}

# (field, what to do) for one workload as one environment gets it.
Fault = tuple[str, str]
Rule = Callable[[Workload, str, Mapping[str, Any]], Iterator[Fault]]


def manifest_findings(workspace: Workspace) -> Iterator[Finding]:
    """Yield each fault once, under the environment's own key where only that one has it."""
    for workload in workspace.workloads:
        if workload.name != workload.manifest.get("name"):
            advice = f"it is {workload.manifest.get('name')!r}; write {workload.name}, as its folder is called"
            yield Finding(workload.file, "name", advice)
        yield from _everywhere(workload, [each for each in workspace.environment_names if workload.lives_in(each)])


def _everywhere(workload: Workload, environments: list[str]) -> Iterator[Finding]:
    found: dict[Fault, list[str]] = {}
    for environment in environments:
        manifest = workload.in_environment(environment)
        for fault in (each for rule in RULES for each in rule(workload, environment, manifest)):
            found.setdefault(fault, []).append(environment)
    for (field, advice), where in found.items():
        only = f" (in {', '.join(where)})" if where != environments else ""
        yield Finding(workload.file, field, advice + only)


def one_image(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """One image is built once and promoted by digest."""
    if at(manifest, "image.build") is not None:
        yield "image.build", f"nothing is built here; write image.location: {IMAGE}"
    elif at(manifest, "image.location") != IMAGE:
        yield "image.location", f"it is {at(manifest, 'image.location')!r}; write {IMAGE}, the one image"


def fargate_size(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Fargate has some pairs of CPU and memory only."""
    cpu, memory = manifest.get("cpu"), manifest.get("memory")
    if not is_fargate_size(cpu, memory):
        yield "memory", f"Fargate has no task of {cpu} CPU units with {memory} MiB; see tools/package/sizes.py"


def service_connect(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Service Connect exists for services only; a job's key is ignored and its calls then fail."""
    if workload.kind == SCHEDULED_JOB and at(manifest, "network.connect") is not None:
        yield "network.connect", "Service Connect exists for services only; remove it; a job calls no service"


def private_placement(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Copilot's default is a public address."""
    if at(manifest, "network.vpc.placement") != "private":
        yield "network.vpc.placement", "tasks have no public address; write placement: private"


def health_checks(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """ECS ignores an image's HEALTHCHECK; a job that ends needs none."""
    if workload.kind == SCHEDULED_JOB:
        return
    if not at(manifest, "image.healthcheck.command"):
        yield "image.healthcheck", "ECS ignores the image's own check; write a command: python -m shared.web.health …"
    check = at(manifest, "http.healthcheck")
    if workload.kind == WEB and not (isinstance(check, str) or at(check, "path")):
        yield "http.healthcheck", "the load balancer would probe /; write its path"


def read_only_root(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    if not is_true(at(manifest, "storage.readonly_fs")):
        yield "storage.readonly_fs", "containers may not change their root file system; write readonly_fs: true"


def no_shell_in_prod(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    if environment == "prod" and is_true(manifest.get("exec")):
        yield "exec", "no shell is opened in prod; write environments.prod.exec: false"


def spot_for_background_only(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """A reclaimed task leaves within two minutes: fine for a queue, not for a request."""
    is_background = workload.kind == WORKER or workload.name.endswith("-jobs")
    for field in ("count.spot", "count.range.spot_from"):
        if at(manifest, field) is not None and not is_background:
            yield field, "Fargate Spot is for event workers and jobs only; take it out"
    if is_background and at(manifest, "count.spot") is not None:
        yield "count.spot", "keep an on-demand base; write count.range with spot_from"


def two_tasks_in_prod(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    if environment != "prod" or workload.kind != WEB:
        return
    count = manifest.get("count", 1)
    lowest = at(count, "range.min", at(count, "range", 1)) if isinstance(count, dict) else count
    number = str(lowest).partition("-")[0]
    if not number.isdigit() or int(number) < 2:
        yield "count", f"a web workload needs two tasks in two zones in prod, not {number}; write range.min: 2"


def kept_logs(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    days, written = RETENTION_DAYS.get(environment), at(manifest, "logging.retention")
    if days is not None and written != days:
        yield "logging.retention", f"{environment} keeps logs {days} days, not {written}; write retention: {days}"


def secrets_that_exist(workload: Workload, environment: str, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Copilot does not look a secret up; the task would not start."""
    known = {full_name(name) for name in MADE_BY_BOOTSTRAP}
    for variable, source in map_at(manifest, "secrets").items():
        if isinstance(source, dict) and "from_cfn" in source:
            continue
        name = source.get("secretsmanager", "") if isinstance(source, dict) else str(source)
        if not isinstance(source, dict):
            yield (
                f"secrets.{variable}",
                f"{name!r} is an SSM parameter that does not exist; write secretsmanager: <name>",
            )
        elif str(name).split(":")[0] not in known:
            yield (
                f"secrets.{variable}",
                f"{name!r} does not exist; bootstrap's names are in tools/package/secret_names.py",
            )


RULES: tuple[Rule, ...] = (
    one_image,
    fargate_size,
    service_connect,
    private_placement,
    health_checks,
    read_only_root,
    no_shell_in_prod,
    spot_for_background_only,
    two_tasks_in_prod,
    kept_logs,
    secrets_that_exist,
)
