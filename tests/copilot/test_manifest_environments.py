"""The three environments: networks apart, TLS 1.3 at the edge, logs kept as long as each asks."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from tests.copilot.workspace import COPILOT, ENVIRONMENTS, manifest_of, read

RETENTION = {"test": 7, "staging": 30, "prod": 365}


def _manifest(environment: str):
    return read(COPILOT / "environments" / environment / "manifest.yml")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
class TestEnvironment:
    def test_speaks_tls_1_3_only_and_logs_who_came(self, environment):
        public = _manifest(environment)["http"]["public"]

        assert public["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"
        assert public["certificates"] == ["${ALB_CERT_ARN}"]
        assert public["access_logs"] is True

    def test_spans_two_zones_within_its_own_network(self, environment):
        network = _manifest(environment)["network"]["vpc"]
        inside = IPv4Network(network["cidr"])

        for subnets in (network["subnets"]["public"], network["subnets"]["private"]):
            assert [each["az"] for each in subnets] == ["us-east-1a", "us-east-1b"]
            assert all(IPv4Network(each["cidr"]).subnet_of(inside) for each in subnets)

    def test_watches_itself(self, environment):
        manifest = _manifest(environment)

        assert manifest["observability"] == {"container_insights": True}
        assert manifest["network"]["vpc"]["flow_logs"] == {"retention": RETENTION[environment]}

    @pytest.mark.parametrize("door", ["gateway", "customer", "admin"])
    def test_is_the_network_whose_proxies_the_doors_trust(self, door, environment):
        trusted = manifest_of(door, environment)["variables"]["TRUSTED_PROXIES"].split(",")

        assert trusted == [_manifest(environment)["network"]["vpc"]["cidr"], "127.0.0.0/8"]


def test_networks_do_not_overlap():
    networks = [IPv4Network(_manifest(each)["network"]["vpc"]["cidr"]) for each in ENVIRONMENTS]

    assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)
