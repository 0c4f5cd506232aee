"""Files in the bucket stand where the tasks' rights and the lifecycle rules look for them."""

from __future__ import annotations

import pytest

from services.products.clients import Clients
from services.products.config import ProductsSettings
from shared.base.aws import client
from tests.copilot.workspace import COPILOT, read


@pytest.fixture
def imported_key(aws, tmp_path) -> str:
    """The key under which products keeps an import's file."""
    client("s3").create_bucket(Bucket="documents")
    settings = ProductsSettings(
        redis_url="redis://localhost",
        mongodb_uri="mongodb://localhost/products",
        storage_backend="s3",
        storage_bucket="documents",
        workspace_dir=str(tmp_path),
    )
    Clients.build(settings).files.put("imports/imp_1.csv", b"sku")
    return client("s3").list_objects_v2(Bucket="documents")["Contents"][0]["Key"]


class TestImportedFile:
    def test_may_be_read_and_written_by_its_service(self, imported_key):
        policy = read(COPILOT / "policies" / "documents.yml")["Resources"]["DocumentsPolicy"]
        (objects, _) = policy["Properties"]["PolicyDocument"]["Statement"][0]["Resource"]["Fn::Sub"]

        assert objects == "${Bucket}/products/*"
        assert imported_key.startswith("products/")

    def test_moves_to_glacier(self, imported_key):
        bucket = read(COPILOT / "environments" / "addons" / "bucket.yml")["Resources"]["Documents"]["Properties"]
        rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

        assert imported_key.startswith(rules["imports-to-glacier"]["Prefix"])
