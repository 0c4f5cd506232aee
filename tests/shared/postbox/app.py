"""Builds the postbox service from its environment."""

from __future__ import annotations

from flask import Flask

from shared import inbox
from shared.persistence import DatabaseHandle
from shared.service import create_service
from shared.settings import StoreSettings


def create_app() -> Flask:
    settings = StoreSettings.from_env()
    database = DatabaseHandle("postbox", settings.mongodb_uri)
    inbox.ensure_indexes("postbox")
    return create_service("postbox", settings, blueprints=[], database=database)
