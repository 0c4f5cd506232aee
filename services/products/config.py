"""Settings of the products service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.base.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class ProductsSettings(StoreSettings):
    """
    Uploads are stored in `storage_dir`, or `storage_bucket` on AWS; only an import may be larger than `max_body_bytes`.

    `workspace_dir` holds the copies that imports read; all jobs workers share it.
    """

    storage_dir: str = "storage"
    storage_bucket: str = ""
    storage_backend: str = field(default="local", metadata={"choices": ("local", "s3")})
    workspace_dir: str = "workspace"
    max_import_bytes: int = 64 * 1024 * 1024
    max_import_rows: int = 200_000
