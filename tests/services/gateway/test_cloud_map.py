"""The gateway's upstreams by Cloud Map."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from shared.base import aws as clients
from tests.services.gateway.upstreams import FakeUpstream
from tests.support import Api


@pytest.mark.usefixtures("aws")
class TestUpstreamByCloudMap:
    def test_is_reached_where_cloud_map_says(
        self, make_gateway: Callable[..., Flask], api: Callable[..., Api], upstream: FakeUpstream
    ):
        cloud_map = clients.client("servicediscovery")
        cloud_map.create_http_namespace(Name="edge.local")
        (found,) = [each for each in cloud_map.list_namespaces()["Namespaces"] if each["Name"] == "edge.local"]
        service = cloud_map.create_service(Name="products", NamespaceId=found["Id"])["Service"]["Id"]
        place = {"AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": str(upstream.port)}
        cloud_map.register_instance(ServiceId=service, InstanceId="one", Attributes=place)
        buyer = api(make_gateway(products_url="cloudmap://edge.local/products"), role="buyer")

        assert buyer.get("/api/v1/products").status_code == 200
        assert upstream.received[-1].header("host") == "products"

    def test_is_away_while_it_has_no_instance(self, make_gateway: Callable[..., Flask], api: Callable[..., Api]):
        buyer = api(make_gateway(products_url="cloudmap://nowhere.local/products"), role="buyer")

        assert buyer.get("/api/v1/products").status_code == 503
