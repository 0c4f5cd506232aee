"""Rules for more than one manifest: environments, subscriptions, paths, and values that are in no manifest."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from tools.package.findings import Finding
from tools.package.reading import at, map_at, maps_at
from tools.package.workspace import ONLY_IN, Workload, Workspace

# The balancer's policies that speak nothing below TLS 1.3.
TLS_13_ONLY = "ELBSecurityPolicy-TLS13-1-3-"
PRODUCT = ("copilot", "deploy", "portals", "services", "shared", "tools", "Dockerfile")
# Written in two parts, or this module would find itself.
UNCHECKED_TLS = "tls" + "allowinvalid"
_TEXT = {".py", ".yml", ".yaml", ".sh", ".json", ".toml", ".cfg", ".env", ""}


def workspace_findings(workspace: Workspace) -> Iterator[Finding]:
    """Yield what the manifests contradict each other in."""
    yield from _environments(workspace)
    yield from _only_in(workspace)
    yield from _subscriptions(workspace)
    yield from _paths(workspace)


def _environments(workspace: Workspace) -> Iterator[Finding]:
    for each in workspace.environments:
        if each.manifest.get("name") != each.name:
            yield Finding(each.file, "name", f"write {each.name}, as its folder is called")
        policy = str(at(each.manifest, "http.public.ssl_policy", ""))
        if not policy.startswith(TLS_13_ONLY):
            advice = f"{policy or 'nothing'!r} allows less than TLS 1.3; write {TLS_13_ONLY}2021-06"
            yield Finding(each.file, "http.public.ssl_policy", advice)


def _only_in(workspace: Workspace) -> Iterator[Finding]:
    names = {each.name for each in workspace.workloads}
    for name, environments in ONLY_IN.items():
        unknown = sorted(set(environments) - set(workspace.environment_names))
        if name in names and unknown:
            yield Finding("tools/package/workspace.py", f"ONLY_IN.{name}", f"there is no environment {unknown[0]}")


def _subscriptions(workspace: Workspace) -> Iterator[Finding]:
    """Copilot packages a worker only when the topics it subscribes to are deployed: a circle can never begin."""
    for workload in workspace.workloads:
        for index, (service, topic) in enumerate(subscriptions(workload)):
            publisher = next((each for each in workspace.workloads if each.name == service), None)
            where = f"subscribe.topics[{index}]"
            if publisher is None:
                yield Finding(workload.file, where, f"there is no workload {service!r} that could publish {topic}")
    try:
        deploy_order(workspace.workloads)
    except CycleError as circle:
        names = circle.args[1]
        file = next(each.file for each in workspace.workloads if each.name == names[0])
        way = " waits for the topic of ".join(reversed(names))
        yield Finding(file, "subscribe.topics", f"{way}: none can be deployed first; publish from another workload")


def subscriptions(workload: Workload) -> Iterator[tuple[str, str]]:
    """Yield (workload, topic) for each topic a worker subscribes to."""
    for topic in maps_at(workload.manifest, "subscribe.topics"):
        yield str(topic.get("service", "")), str(topic.get("name", ""))


def deploy_order(workloads: tuple[Workload, ...]) -> list[str]:
    """Return the workloads' names, publishers before their subscribers. Raises graphlib.CycleError."""
    publishers = {each.name for each in workloads if list(each.topics())}
    needed = {each.name: {service for service, _ in subscriptions(each) if service in publishers} for each in workloads}
    return list(TopologicalSorter(needed).static_order())


def _paths(workspace: Workspace) -> Iterator[Finding]:
    """Two rules with one path and host: the second would never match."""
    for environment in workspace.environment_names:
        taken: dict[tuple[str, str], str] = {}
        for workload in workspace.workloads_of(environment):
            manifest = workload.in_environment(environment)
            http = map_at(manifest, "http")
            for index, rule in enumerate([http] * bool(http) + maps_at(manifest, "http.additional_rules")):
                key = (str(rule.get("path", "")).strip("/"), str(rule.get("alias", "")))
                if key in taken:
                    field = "http.path" if index == 0 else f"http.additional_rules[{index - 1}].path"
                    yield Finding(workload.file, field, f"{taken[key]} answers there already; choose another path")
                taken.setdefault(key, workload.name)


def source_findings(workspace: Workspace) -> Iterator[Finding]:
    """Yield each place where the product would accept a certificate it cannot check."""
    for name in PRODUCT:
        top = workspace.root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top] * top.is_file():
            if path.suffix in _TEXT and path.is_file():
                yield from _unchecked_tls(path.read_text(encoding="utf-8", errors="replace"), path, workspace)


def _unchecked_tls(text: str, path: object, workspace: Workspace) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if UNCHECKED_TLS in line.lower():
            file = str(path).removeprefix(f"{workspace.root}/")
            yield Finding(file, f"line {number}", "certificates are always checked; name the authority by tlsCAFile")
