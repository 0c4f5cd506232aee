"""Faults on whole processes: the promises that must hold while they die, hang, restart and forget."""

import pytest

pytest.register_assert_rewrite("tests.chaos.shopping")
