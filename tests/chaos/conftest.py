"""Marks every test of this folder `chaos`, and runs the whole platform for those that need it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.platform import WholePlatform, whole_platform


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=1, help="how often each fault is repeated (make chaos ROUNDS=3)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("chaos")


@pytest.fixture(scope="session")
def rounds(request: pytest.FixtureRequest) -> int:
    count: int = request.config.getoption("--rounds")
    return count


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePlatform]:
    """The whole platform with its demo data, on ports and in a folder of its own."""
    with whole_platform(tmp_path_factory.mktemp("platform") / "state") as platform:
        yield platform
