"""What deploy/without-copilot.sh reads besides the templates: the stacks in their order and the parameters of each."""

from __future__ import annotations

from pathlib import Path

from tools.package.stacks import CONTROLLER_OWNED, parameters_of
from tools.package.values import ACCOUNT, ARTIFACTS_BUCKET, ARTIFACTS_KEY_ARN, REGION
from tools.package.workspace import BACKEND, SCHEDULED_JOB, WEB, WORKER, Workload, Workspace
from tools.package.workspace_rules import deploy_order

# A called service comes before its callers, and schedules begin when everything exists.
TIERS = (WORKER, BACKEND, WEB, SCHEDULED_JOB)
FIRST = "bootstrap"


def ordered(workspace: Workspace, environment: str) -> list[Workload]:
    """Return an environment's workloads as they are deployed: bootstrap, topics, workers, services, portals, jobs."""
    topics_first = deploy_order(workspace.workloads)

    def rank(workload: Workload) -> tuple[bool, int, int]:
        publishes = bool(list(workload.topics()))
        tier = TIERS.index(WORKER if publishes else workload.kind)
        return workload.name != FIRST, tier, topics_first.index(workload.name)

    return sorted(workspace.workloads_of(environment), key=rank)


def write_release(workspace: Workspace, out: Path) -> None:
    """
    Write `stacks.txt` and the `.overrides` of each rendered environment, and `rehearsal.txt` for all.

    A line of stacks.txt is: stack, template, base of the overrides' names, workload (`-` for the environment).
    An overrides file has a line Name=value per parameter; `.first` has those that only the first deployment sends.
    """
    out.mkdir(parents=True, exist_ok=True)
    stand_ins = {
        "account": ACCOUNT,
        "bucket": ARTIFACTS_BUCKET,
        "key": ARTIFACTS_KEY_ARN,
        "region": REGION,
        "application": workspace.app,
    }
    (out / "rehearsal.txt").write_text("".join(f"{name} {value}\n" for name, value in stand_ins.items()))
    for name in workspace.environment_names:
        folder = out / name
        if (folder / f"{name}.env.yml").exists():
            _write_environment(workspace, name, folder)


def _write_environment(workspace: Workspace, environment: str, folder: Path) -> None:
    lines = [_stack(f"{workspace.app}-{environment}", folder / f"{environment}.env.yml", "-")]
    for workload in ordered(workspace, environment):
        template = folder / f"{workload.name}-{environment}.stack.yml"
        if template.exists():
            lines.append(_stack(f"{workspace.app}-{environment}-{workload.name}", template, workload.name))
    (folder / "stacks.txt").write_text("".join(lines))


def _stack(stack: str, template: Path, workload: str) -> str:
    parameters = parameters_of(template)
    base = template.name.removesuffix(".yml")
    first = {name: value for name, value in parameters.items() if name in CONTROLLER_OWNED and workload == "-"}
    always = {name: value for name, value in parameters.items() if name not in first}
    for name, chosen in ((f"{base}.overrides", always), (f"{base}.first", first)):
        template.with_name(name).write_text("".join(f"{key}={value}\n" for key, value in sorted(chosen.items())))
    return f"{stack} {template.name} {base} {workload}\n"
