"""What is created says where it is, at an address that the gateway serves."""

from __future__ import annotations

from tests.openapi import published_api


def test_every_201_names_its_location_always():
    for path, methods in published_api().document["paths"].items():
        for method, operation in methods.items():
            created = operation["responses"].get("201") if isinstance(operation, dict) else None
            if created is not None:
                assert created["headers"]["Location"] == {"$ref": "#/components/headers/Location"}, f"{method} {path}"
