"""Every workload is given the settings it cannot start without, and secrets by the names that bootstrap gives them."""

from __future__ import annotations

from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any

import pytest

from shared.base.settings import Settings
from tests.copilot.workspace import COPILOT, WORKER, deployed, manifest_of, manifests, of_type, service_of

PREFIX = "tradepost/${COPILOT_ENVIRONMENT_NAME}"
DATABASES = ("users", "products", "orders", "payments", "search", "notifications")
# Whose secret a workload may be given: its own service's, and the sandbox plays the processor of payments.
OWNERS = {"psp-sandbox": "payments"}
CONFIGURED = [each for each in deployed() if each[0] not in ("psp-sandbox", "bootstrap")]


def _settings_of(name: str) -> type[Settings]:
    service = service_of(name)
    folder = "portals" if service in ("admin", "customer") else "services"
    module = import_module(f"{folder}.{service}.config")
    found = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Settings) and each.__module__ == module.__name__
    ]
    return found[0]


def _given(name: str, environment: str) -> dict[str, Any]:
    manifest = manifest_of(name, environment)
    return manifest["variables"] | manifest.get("secrets", {})


@pytest.mark.parametrize(("name", "environment"), CONFIGURED)
class TestSettings:
    def test_without_a_default_are_given(self, name, environment):
        needed = {
            each.name.upper()
            for each in fields(_settings_of(name))
            if each.default is MISSING and each.default_factory is MISSING
        }

        assert needed <= set(_given(name, environment))

    def test_name_no_backend_that_the_service_refuses(self, name, environment):
        given = _given(name, environment)

        for each in fields(_settings_of(name)):
            choices = each.metadata.get("choices")
            if choices and each.name.upper() in given:
                assert given[each.name.upper()] in choices


@pytest.mark.parametrize(("name", "environment"), deployed())
class TestEnvironment:
    def test_is_named(self, name, environment):
        assert manifest_of(name, environment)["variables"]["TRADEPOST_ENV"] == "${COPILOT_ENVIRONMENT_NAME}"

    def test_measures_and_traces_on_aws(self, name, environment):
        manifest = manifest_of(name, environment)

        assert manifest["variables"]["METRICS_BACKEND"] == "emf"
        if manifest["type"] != "Scheduled Job":
            assert manifest["observability"] == {"tracing": "awsxray"}
            assert manifest["variables"]["TRACING_BACKEND"] == "otlp"


@pytest.mark.parametrize(("name", "environment"), deployed())
class TestSecrets:
    def test_are_named_as_bootstrap_names_them(self, name, environment):
        owner = OWNERS.get(name, service_of(name))

        for variable, source in manifest_of(name, environment).get("secrets", {}).items():
            if variable == "REDIS_URL":
                assert source["from_cfn"].endswith("-CacheUrlSecretArn")
            else:
                assert source == {"secretsmanager": f"{PREFIX}/{owner}/{variable}"}

    def test_never_stand_among_the_variables(self, name, environment):
        secret = {"MONGODB_URI", "REDIS_URL", "SERVICE_SECRET", "SERVICE_SECRET_HASHES", "SIGNING_KEY", "PSP_API_KEY"}

        assert not secret & set(manifest_of(name, environment)["variables"])


class TestPayments:
    @pytest.mark.parametrize("name", ["payments", "orders", "customer"])
    def test_take_cards_where_there_is_a_processor(self, name):
        chosen = {each: manifest_of(name, each)["variables"]["PSP_BACKEND"] for each in ("test", "staging", "prod")}

        assert chosen == {"test": "sandbox", "staging": "none", "prod": "none"}


class TestBroker:
    @pytest.mark.parametrize("name", of_type(WORKER))
    def test_is_sns_for_whoever_consumes_or_publishes(self, name):
        assert manifests()[name]["variables"]["EVENT_BROKER"] == "sns"

    @pytest.mark.parametrize("name", of_type(WORKER))
    def test_has_the_rights_of_a_consumer_and_of_a_publisher(self, name):
        policies = {path.name for path in (COPILOT / name / "addons").iterdir()}
        publishes = "publish" in manifests()[service_of(name)]

        assert "queue.yml" in policies
        assert ("topic.yml" in policies) == publishes


SHARED = {"search": ["search", "search-worker"], "workspace": ["products", "products-jobs"], "state": ["psp-sandbox"]}


class TestFolders:
    @pytest.mark.parametrize(("volume", "names"), SHARED.items())
    def test_on_efs_are_mounted_by_those_who_share_them(self, volume, names):
        mounting = [name for name, manifest in manifests().items() if volume in manifest["storage"]["volumes"]]

        assert mounting == names
