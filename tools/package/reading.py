"""Reads YAML the way its consumer does: manifests as Copilot, templates as CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class Unreadable(Exception):
    """A file is no YAML, or no map; `line` counts from 1, `advice` is a sentence without the file's name."""

    def __init__(self, line: int, advice: str) -> None:
        super().__init__(f"line {line}: {advice}")
        self.line, self.advice = line, advice


def _without(*tags: str) -> dict[str, list[tuple[str, Any]]]:
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    return {first: [each for each in found if each[0] not in tags] for first, found in resolvers.items()}


class ManifestLoader(yaml.SafeLoader):
    """YAML 1.2 as Copilot reads it: `on` is a key, and whether `yes` is a boolean is the field's business."""

    yaml_implicit_resolvers = _without("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")


class TemplateLoader(yaml.SafeLoader):
    """CloudFormation: its short tags become their long forms, dates stay text."""

    yaml_implicit_resolvers = _without("tag:yaml.org,2002:timestamp")


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", _long_form)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a manifest; booleans stay the text that was written. Raises Unreadable."""
    return _read(path, ManifestLoader)


def read_template(path: Path) -> dict[str, Any]:
    """Return a template with every intrinsic function in its long form. Raises Unreadable."""
    return _read(path, TemplateLoader)


def _read(path: Path, loader: type[yaml.SafeLoader]) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - both are SafeLoaders
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 0
        raise Unreadable(line, f"this is not YAML ({fault.problem}): correct the indentation or quotes") from fault
    if not isinstance(document, dict):
        raise Unreadable(1, "a map of keys is expected here")
    return document


def at(document: Any, path: str, default: Any = None) -> Any:
    """Return the value at a dotted path, or the default when a step is missing: `at(manifest, "image.port")`."""
    for key in path.split("."):
        if not isinstance(document, Mapping) or key not in document:
            return default
        document = document[key]
    return document


def maps_at(document: Any, path: str) -> list[dict[str, Any]]:
    """Return the maps of the list at a dotted path; what is no map is the key check's business."""
    found = at(document, path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def map_at(document: Any, path: str) -> dict[str, Any]:
    """Return the map at a dotted path, empty when there is none."""
    found = at(document, path)
    return found if isinstance(found, dict) else {}


def is_true(value: Any) -> bool:
    """Whether a manifest's value means yes; ManifestLoader leaves booleans as text."""
    return str(value).lower() in ("true", "yes", "on")
