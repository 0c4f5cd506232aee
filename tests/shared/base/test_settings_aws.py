"""Settings in SSM or Secrets Manager: same values as plain variables; faults name the variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson
import pytest

from shared.base import aws as clients
from shared.base.errors import SettingsInvalid
from shared.base.settings import Settings, one_of

pytestmark = pytest.mark.usefixtures("aws")


@dataclass(frozen=True, kw_only=True)
class ToySettings(Settings):
    store_url: str
    pool: int = 4
    backend: str = one_of("local", "s3")


def plain(value: str) -> str:
    return value


def parameter(value: str) -> str:
    clients.client("ssm").put_parameter(Name="/toy/setting", Value=value, Type="SecureString", Overwrite=True)
    return "ssm:/toy/setting"


def secret(value: str) -> str:
    _put("toy/whole", value)
    return "secretsmanager:toy/whole"


def member(value: str) -> str:
    _put("toy/json", orjson.dumps({"password": value}).decode())
    return "secretsmanager:toy/json#password"


def _put(name: str, value: str) -> None:
    store = clients.client("secretsmanager")
    try:
        store.create_secret(Name=name, SecretString=value)
    except store.exceptions.ResourceExistsException:
        store.put_secret_value(SecretId=name, SecretString=value)


@pytest.mark.parametrize("keep", [plain, parameter, secret, member])
class TestEverySource:
    def test_returns_the_value(self, keep: Callable[[str], str]):
        assert ToySettings.from_env({"STORE_URL": keep("mongodb://u:p@x")}).store_url == "mongodb://u:p@x"

    def test_returns_a_value_of_the_fields_type(self, keep):
        assert ToySettings.from_env({"STORE_URL": "x", "POOL": keep("7")}).pool == 7

    def test_is_read_again_at_the_next_start(self, keep):
        before = ToySettings.from_env({"STORE_URL": keep("old")})
        after = ToySettings.from_env({"STORE_URL": keep("new")})

        assert (before.store_url, after.store_url) == ("old", "new")

    def test_refuses_a_value_outside_of_the_choices(self, keep):
        with pytest.raises(SettingsInvalid, match="BACKEND"):
            ToySettings.from_env({"STORE_URL": "x", "BACKEND": keep("tape")})


class TestFaults:
    def test_are_reported_together_with_the_variables_names(self):
        environment = {
            "STORE_URL": "secretsmanager:toy/absent",
            "POOL": "ssm:/toy/absent",
            "BACKEND": member("s3").replace("#password", "#user"),
        }
        with pytest.raises(SettingsInvalid) as refusal:
            ToySettings.from_env(environment)

        told = str(refusal.value)
        assert "STORE_URL cannot be read from secretsmanager:toy/absent: ResourceNotFoundException" in told
        assert "POOL cannot be read from ssm:/toy/absent: ParameterNotFound" in told
        assert "BACKEND cannot be read from secretsmanager:toy/json: it is not a JSON object with 'user'" in told

    @pytest.mark.parametrize("keep", [parameter, secret, member])
    def test_never_show_the_value(self, keep):
        with pytest.raises(SettingsInvalid) as refusal:
            ToySettings.from_env({"STORE_URL": "x", "POOL": keep("hunter2"), "BACKEND": keep("hunter2")})

        assert "POOL" in str(refusal.value)
        assert "BACKEND" in str(refusal.value)
        assert "hunter2" not in str(refusal.value)
        assert refusal.value.__context__ is None
