"""The search engine behind one interface, chosen by SEARCH_BACKEND."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from flask import Flask, current_app

from services.search.config import SearchSettings
from services.search.engine.interface import CategoryCount, Engine, Found, PagePosition, SearchRequest

__all__ = [
    "CategoryCount",
    "Engine",
    "Found",
    "PagePosition",
    "SearchRequest",
    "engine",
    "install_engine",
    "make_engine",
]

# Loaded by name, so that an installation imports the engine it uses and no other.
BACKENDS = {"tantivy": "services.search.engine.tantivy_backend"}
_EXTENSION = "search_engine"


def make_engine(settings: SearchSettings) -> Engine:
    """Return the engine that the settings choose."""
    built: Engine = import_module(BACKENDS[settings.search_backend]).make_engine(settings)
    return built


def install_engine(app: Flask, built: Engine) -> None:
    """Give the application its engine."""
    app.extensions[_EXTENSION] = built


def engine() -> Engine:
    """Return the engine of the application at work."""
    return cast(Engine, current_app.extensions[_EXTENSION])
