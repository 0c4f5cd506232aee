"""Every published operation says what a client's programmer needs: a name, a text, examples and its errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.documents import body_faults
from tests.openapi import published_api

Json = dict[str, Any]
OPERATION_ID = re.compile(r"[a-z]+([A-Z][a-z]+)+")


def operations() -> Iterator[tuple[str, Json]]:
    for path, methods in published_api().document["paths"].items():
        for method, operation in methods.items():
            if "responses" in operation:
                yield f"{method.upper()} {path}", operation


def bodies(operation: Json) -> Iterator[tuple[str, Json]]:
    """Return the request's and each successful answer's media type, under a name."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", media
    for status, response in operation["responses"].items():
        for media in response.get("content", {}).values():
            if status.startswith("2"):
                yield status, media


def examples_of(media: Json) -> list[Any]:
    if "example" in media:
        return [media["example"]]
    return [each["value"] for each in media.get("examples", {}).values()]


class TestOperations:
    def test_have_a_unique_id_of_verb_and_noun(self):
        ids = [operation.get("operationId", "") for _, operation in operations()]
        assert [each for each in ids if not OPERATION_ID.fullmatch(each)] == []
        assert sorted(ids) == sorted(set(ids))

    def test_have_a_summary_of_one_line_and_a_known_tag(self):
        tags = {tag["name"]: tag["description"] for tag in published_api().document["tags"]}
        assert [name for name, each in operations() if "\n" in each["summary"] or not each["summary"]] == []
        assert [name for name, each in operations() if not all(tags.get(tag) for tag in each["tags"])] == []

    def test_list_their_errors(self):
        """Each status of a refusal is listed with its types; the default is for what may come."""
        for name, operation in operations():
            listed = {status: each["description"] for status, each in operation["responses"].items()}
            assert "default" in listed, name
            assert {"400", "429", "503"} <= set(listed), name
            refusals = {status: text for status, text in listed.items() if status.startswith(("4", "5"))}
            assert [status for status, text in refusals.items() if "`/problems/" not in text] == [], name
            assert operation["security"] == [] or {"401", "403"} <= set(listed), name

    def test_have_a_description(self):
        assert [name for name, each in operations() if not each.get("description")] == []

    def test_have_an_example_of_each_body(self):
        without = {name for name, each in operations() for _, media in bodies(each) if not examples_of(media)}
        assert sorted(without) == []


def test_examples_fit_their_schemas():
    api = published_api().api
    for operation_name, operation in operations():
        for body, media in bodies(operation):
            validator = api.validator(media["schema"])
            for example in examples_of(media):
                assert body_faults(validator, example) == [], f"{operation_name} {body}"
