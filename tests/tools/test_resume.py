"""After a restore an operator resumes: notes are gone, versions are higher than any that was lost."""

from __future__ import annotations

import pytest

from shared.data.older_copies import OlderCopy, note_older_copy, older_copies
from shared.data.persistence import connect, database, disconnect
from tests.factories.products import make_product
from tools import resume as tool
from tools.stores import Stores


@pytest.mark.usefixtures("keep_others_connected")
def test_ends_notes_and_raises_versions(stores: Stores, capsys) -> None:
    try:
        for service in tool.SERVICES:
            connect(service, stores.mongodb_url(f"tradepost_{service}"))
        product = make_product("BOLT")
        note_older_copy("orders", OlderCopy("products", "it lacks 3 reservations", ["ord_1"]))

        assert tool.main({"MONGODB_URI": stores.mongodb_base}) == 0

        assert older_copies("orders") == []
        found = database("products")["products"].find_one({"_id": product.id})
        assert found is not None
        assert found["version"] == product.version + 1_000_000
        assert "orders: products was an older copy: it lacks 3 reservations" in capsys.readouterr().out
    finally:
        for service in (*tool.SERVICES, "search"):
            database(service).client.drop_database(f"tradepost_{service}")
            disconnect(service)
