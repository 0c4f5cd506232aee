"""No test replaces a part of our own code, and the check finds each way of doing so."""

from __future__ import annotations

import pytest

from tests.architecture.patches import ROOT, our_methods, patches

FROM_FAKES = "from tests.fakes import FakePayments\n"


def test_no_test_patches_our_own_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{patch}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for patch in patches(path.read_text(encoding="utf-8"), our_methods())
    ]
    assert found == []


class TestPatches:
    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ("import unittest.mock", "1: imports unittest.mock"),
            ("from unittest import mock", "1: imports unittest.mock"),
            ("def test(monkeypatch):\n    monkeypatch.setattr('a.b', 1)", "2: calls monkeypatch.setattr"),
            (FROM_FAKES + "FakePayments.authorize = silent", "2: assigns FakePayments.authorize"),
            (FROM_FAKES + "fake = FakePayments()\nfake.authorize = silent", "3: assigns fake.authorize"),
            (FROM_FAKES + "def test(payments):\n    payments.authorize = lambda: 1", "3: assigns payments.authorize"),
            (FROM_FAKES + "setattr(FakePayments, 'authorize', silent)", "2: calls setattr on FakePayments"),
            ("from shared.base import clock\nclock.now = frozen", "2: assigns clock.now"),
            ("from shared.base import clock\nclock.LIMIT += 1", "2: assigns clock.LIMIT"),
            ("from shared.base import clock\ndel clock.now", "2: assigns clock.now"),
            ("import services.orders.jobs\nservices.orders.jobs.sweep = 1", "2: assigns services.orders.jobs.sweep"),
        ],
    )
    def test_are_found(self, source: str, found: str) -> None:
        assert patches(source, frozenset({"authorize"})) == [found]

    @pytest.mark.parametrize(
        "source",
        [
            "def test(monkeypatch):\n    monkeypatch.setenv('A', 'b')",
            FROM_FAKES + "fake = FakePayments()\nfake.charges = 3",
            FROM_FAKES + "class Silent(FakePayments):\n    def set(self):\n        self.authorize = None",
            "def test(server):\n    server.respond = lambda: 1",
        ],
    )
    def test_are_not_what_only_looks_like_one(self, source: str) -> None:
        assert patches(source, frozenset({"authorize"})) == []

    def test_know_the_methods_of_our_classes(self) -> None:
        assert {"authorize", "reserve"} <= our_methods()
