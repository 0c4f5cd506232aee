"""A shop with two products, two companies and one confirmed order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.fake_gateway import FakeGateway


@pytest.fixture
def shop(gateway: FakeGateway):
    gateway.shop.add_product("BOLT-M8")
    gateway.shop.add_product("NUT-M8", name="Hex nut M8")
    gateway.shop.add_company("com_globex", "Globex Retail", "C-2")
    return gateway.shop


@pytest.fixture
def order(shop) -> dict[str, Any]:
    return shop.book.add(("BOLT-M8", 10), ("NUT-M8", 4), reference="536365")
