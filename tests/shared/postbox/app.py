"""Builds the postbox service from its environment."""

from __future__ import annotations

from flask import Flask

from shared.base.settings import StoreSettings
from shared.data.persistence import DatabaseHandle
from shared.events import inbox
from shared.web.service import create_service


def create_app() -> Flask:
    settings = StoreSettings.from_env()
    database = DatabaseHandle("postbox", settings.mongodb_uri)
    inbox.ensure_indexes("postbox")
    return create_service("postbox", settings, blueprints=[], database=database)
