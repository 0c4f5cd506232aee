"""Writes the merged OpenAPI document, as the gateway publishes it, without a running platform."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from tests.openapi import published_api
from tools.stores import started


def write_document(path: Path) -> None:
    """Build the services' apps on stores of their own, and write the document that the gateway would merge."""
    with tempfile.TemporaryDirectory(prefix="tradepost-document-") as folder, started(Path(folder)) as stores:
        os.environ["TEST_MONGODB"] = stores.mongodb_base
        os.environ["TEST_REDIS"] = stores.redis_base
        document = published_api().document
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
