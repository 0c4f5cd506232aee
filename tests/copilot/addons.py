"""The environment's addons as one template, as Copilot merges them, and what a condition decides in an environment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "copilot" / "environments" / "addons"
SECOND_REGION = ROOT / "deploy" / "second-region.yml"
ENVIRONMENTS = ("test", "staging", "prod")
SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")

Template = dict[str, Any]


def files() -> list[Path]:
    """Return the addons' templates; the values of their parameters are no template."""
    return sorted(path for path in FOLDER.glob("*.yml") if path.name != "addons.parameters.yml")


@cache
def load(path: Path) -> Template:
    """Return a template with CloudFormation's short tags written out (`{"Ref": …}`)."""
    return dict(cfn_yaml.load(str(path)))


@cache
def merged() -> Template:
    """Return all addons in one; a name that two files give differently is an error, as it is to Copilot."""
    whole: Template = {section: {} for section in SECTIONS}
    for path in files():
        for section, named in load(path).items():
            for name, value in named.items():
                if whole[section].setdefault(name, value) != value:
                    raise ValueError(f"{path.name}: {section}.{name} differs from another addon's")
    return whole


def of_type(template: Template, kind: str) -> dict[str, Template]:
    """Return the resources of one type, by their names."""
    return {name: found for name, found in template["Resources"].items() if found["Type"] == kind}


def decide(template: Template, name: str, env: str, **given: str) -> bool:
    """Return what the condition `name` is in `env`, with the parameters `given`."""
    return bool(resolve(template, template["Conditions"][name], {"Env": env, "App": "tradepost", **given}))


def is_made(template: Template, resource: str, env: str, **given: str) -> bool:
    """Say whether the environment gets the resource at all."""
    condition = template["Resources"][resource].get("Condition")
    return condition is None or decide(template, condition, env, **given)


def resolve(template: Template, value: Any, given: dict[str, str]) -> Any:
    """Return `value` with its Ref, FindInMap, If and conditions worked out; what is not known stays as it is."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((function, argument),) = value.items()
    again = lambda part: resolve(template, part, given)  # noqa: E731
    known = {
        "Ref": lambda: given.get(argument, value),
        "Condition": lambda: again(template["Conditions"][argument]),
        "Fn::Equals": lambda: again(argument[0]) == again(argument[1]),
        "Fn::Not": lambda: not again(argument[0]),
        "Fn::Or": lambda: any(again(part) for part in argument),
        "Fn::If": lambda: again(argument[1] if again(template["Conditions"][argument[0]]) else argument[2]),
        "Fn::FindInMap": lambda: template["Mappings"][argument[0]][again(argument[1])][argument[2]],
    }
    return known[function]() if function in known else value


def names_in(value: Any) -> Iterator[str]:
    """Yield every text within a value, keys and values alike."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from names_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from names_in(part)
    else:
        yield str(value)
