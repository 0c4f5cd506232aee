"""What products uses outside itself: the storage of uploaded files."""

from __future__ import annotations

from dataclasses import dataclass

from services.products.config import ProductsSettings
from shared.data.storage import make_storage
from shared.data.storage_contract import Storage
from shared.data.workspace import Workspace


@dataclass(frozen=True)
class Clients:
    """What operations reach outside this service."""

    files: Storage
    workspace: Workspace

    @classmethod
    def build(cls, settings: ProductsSettings) -> Clients:
        files = make_storage(
            settings.storage_backend, settings.storage_dir, bucket=settings.storage_bucket, prefix="products"
        )
        return cls(files=files, workspace=Workspace(settings.workspace_dir, files))
