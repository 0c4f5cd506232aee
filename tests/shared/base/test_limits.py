"""The table of limits: complete, changed by the environment, printable."""

from __future__ import annotations

import pytest

from shared.base.errors import SettingsInvalid
from shared.base.limits import DEFAULT, LIMITS, describe_limits, read_limits
from shared.base.workloads import SERVICES


class TestReadLimits:
    def test_has_every_service_and_store(self):
        assert {*SERVICES, "psp", "mongodb", "redis"} <= set(LIMITS)

    def test_changes_one_limit_by_the_environment(self):
        limits = read_limits("products", {"LIMIT_PRODUCTS_READ_TIMEOUT": "0.75", "LIMIT_USERS_ATTEMPTS": "9"})

        assert limits.read_timeout == 0.75
        assert limits.attempts == DEFAULT.attempts

    def test_reads_whole_numbers_as_whole_numbers(self):
        assert read_limits("psp", {"LIMIT_PSP_BULKHEAD": "3"}).bulkhead == 3

    def test_returns_the_defaults_for_an_unknown_dependency(self):
        assert read_limits("elsewhere", {}) == DEFAULT

    def test_names_every_malformed_variable(self):
        environment = {"LIMIT_USERS_ATTEMPTS": "1.5", "LIMIT_USERS_READ_TIMEOUT": "-1", "LIMIT_USERS_POOL": "nan"}

        with pytest.raises(SettingsInvalid) as fault:
            read_limits("users", environment)

        assert all(name in str(fault.value) for name in environment)

    def test_gives_a_caller_a_longer_timeout_than_its_upstream(self):
        chain = [LIMITS[name].read_timeout for name in ("gateway", "orders", "payments", "psp")]

        assert chain == sorted(chain, reverse=True)
        assert len(set(chain)) == len(chain)

    def test_limits_every_redis_call_to_half_a_second(self):
        assert LIMITS["redis"].connect_timeout + LIMITS["redis"].read_timeout <= 0.5


class TestDescribeLimits:
    def test_prints_a_line_per_dependency_and_marks_changes(self):
        lines = describe_limits({"LIMIT_PRODUCTS_READ_TIMEOUT": "0.75"}).splitlines()

        assert len(lines) == len(LIMITS) + 1
        products = next(line for line in lines if line.startswith("products"))
        assert "0.75*" in products
        assert "*" not in next(line for line in lines if line.startswith("users"))
