"""An installation without a card processor starts, and refuses cards with CardsNotAccepted."""

from __future__ import annotations

import pytest

from services.payments.clients import Clients
from services.payments.config import PaymentsSettings
from services.payments.errors import CardsNotAccepted
from shared.base.errors import SettingsInvalid

PLACES = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "MONGODB_URI": "mongodb://127.0.0.1:1/tradepost_payments",
    "PUBLIC_CUSTOMER_URL": "https://shop.example.com",
    "PUBLIC_GATEWAY_URL": "https://shop.example.com",
}


def _clients(**more: str) -> Clients:
    return Clients.build(PaymentsSettings.from_env(PLACES | more))


class TestWithoutAProcessor:
    def test_no_card_page_is_opened(self):
        with pytest.raises(CardsNotAccepted):
            _clients(PSP_BACKEND="none").processor.create_session("https://shop.example.com/card", key="ses_1")

    def test_a_card_is_declined_by_name(self):
        processor = _clients(PSP_BACKEND="none").processor

        charge = processor.charge("tok_ok", amount=100, currency="EUR", order_id="ord_1", key="txn_1")

        assert charge.decline_code == "cards_not_accepted"

    def test_the_sandbox_names_what_it_lacks(self):
        with pytest.raises(SettingsInvalid) as refusal:
            _clients(PSP_BACKEND="sandbox", PSP_URL="http://psp-sandbox:8080")

        assert str(refusal.value) == "PaymentsSettings: PSP_API_KEY is missing; PSP_WEBHOOK_SECRET is missing"
