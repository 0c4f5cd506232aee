"""What deploy/without-copilot.sh reads besides the templates: the stacks in their order and the parameters of each."""

from __future__ import annotations

from pathlib import Path

from shared.base.workloads import BY_NAME
from tools.package.stacks import CONTROLLER_OWNED, parameters_of
from tools.package.values import ACCOUNT, ARTIFACTS_BUCKET, ARTIFACTS_KEY_ARN, REGION
from tools.package.workspace import BACKEND, SCHEDULED_JOB, WEB, WORKER, Workload, Workspace
from tools.package.workspace_rules import deploy_order

# Services own the topics that workers subscribe to, and schedules begin when everything exists.
TIERS = (BACKEND, WORKER, WEB, SCHEDULED_JOB)
FIRST = "bootstrap"


def ordered(workspace: Workspace, environment: str) -> list[Workload]:
    """
    Return an environment's workloads as they are deployed: bootstrap, services, workers, portals, schedules.

    A called workload comes before its callers: new code may send what the old refuses, never the other way round.
    """
    publishers_first = deploy_order(workspace.workloads)

    def rank(workload: Workload) -> tuple[bool, int, int, int]:
        tier = TIERS.index(workload.kind)
        return workload.name != FIRST, tier, calls_below(workload.name), publishers_first.index(workload.name)

    return sorted(workspace.workloads_of(environment), key=rank)


def calls_below(name: str) -> int:
    """Return how many calls follow one another below a workload: 0 for one that calls none."""
    calls = BY_NAME[name].calls if name in BY_NAME else ()
    return max((1 + calls_below(each) for each in calls), default=0)


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
