"""Settings of the products service."""

from __future__ import annotations

from dataclasses import dataclass

from shared.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class ProductsSettings(StoreSettings):
    """`storage_dir` holds uploaded files; only an import may be larger than `max_body_bytes`."""

    storage_dir: str = "storage"
    storage_backend: str = "local"
    max_import_bytes: int = 64 * 1024 * 1024
    max_import_rows: int = 200_000
