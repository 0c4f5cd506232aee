"""Settings of payments that cannot work are refused at the start."""

from __future__ import annotations

import pytest

from services.payments.config import PaymentsSettings
from shared.base.errors import SettingsInvalid


def test_refuses_an_unknown_processor_by_name(settings_of):
    with pytest.raises(SettingsInvalid, match="PSP_BACKEND is 'paypal'"):
        PaymentsSettings.from_env({"PSP_BACKEND": "paypal"})


def test_refuses_settings_that_are_missing_all_at_once():
    with pytest.raises(SettingsInvalid, match=r"(?s)MONGODB_URI.*PUBLIC_CUSTOMER_URL.*PUBLIC_GATEWAY_URL"):
        PaymentsSettings.from_env({})
