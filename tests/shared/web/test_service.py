"""The service factory: what routes and operations read back from the application."""

from __future__ import annotations

import pytest

from shared.base.settings import KeySettings, StoreSettings
from shared.web.service import current_clients, current_settings


def test_returns_the_settings_the_service_was_built_with(toy_app):
    with toy_app.app_context():
        assert current_settings(StoreSettings) is toy_app.extensions["tradepost_settings"]
        assert current_settings(KeySettings).key_file


def test_refuses_another_kind_of_clients(toy_app):
    with toy_app.app_context(), pytest.raises(TypeError, match="toys was built with a NoneType, not with a Flask"):
        current_clients(type(toy_app))
