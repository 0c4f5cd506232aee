"""Settings of the search service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.base.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class SearchSettings(StoreSettings):
    """`search_dir` holds the index: the worker writes it, the web process reads it."""

    search_dir: str = "search"
    search_backend: str = field(default="tantivy", metadata={"choices": ("tantivy",)})
    products_url: str = "http://products:8080"
