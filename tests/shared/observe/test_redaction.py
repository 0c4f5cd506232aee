"""Redaction of secrets and card numbers in logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.observe.redaction import REDACTED, redact, redact_text

CARDS = ["4242424242424242", "4242 4242 4242 4242", "5555-5555-5555-4444", "378282246310005", "6011111111111117"]


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "password",
            "new_password",
            "Authorization",
            "refresh_token",
            "X-Api-Key",
            "client_secret",
            "Set-Cookie",
            "card_number",
            "cvc",
            "pan",
            "iban",
        ],
    )
    def test_redacts_secrets_at_any_depth(self, key):
        assert redact({key: "value", "nested": [{key: 1}]}) == {key: REDACTED, "nested": [{key: REDACTED}]}

    @pytest.mark.parametrize("key", ["company_id", "authorization_id", "status", "span", "discarded", "keyboard"])
    def test_keeps_ids(self, key):
        assert redact({key: "value"}) == {key: "value"}


class TestText:
    @pytest.mark.parametrize("card", CARDS)
    def test_redacts_card_numbers(self, card):
        assert redact_text(f"paid with {card}.") == f"paid with {REDACTED}."
        assert redact({"n": int(card.replace(" ", "").replace("-", ""))}) == {"n": REDACTED}

    @pytest.mark.parametrize(
        "text",
        [
            "4242424242424241",
            "ord_01k3v84242424242424242abcd",
            "0af7651916cd43dd8448eb211c80319c",
            "1795492800000",
            "2026-11-24T04:02:48.924863Z",
            "SO-000123",
        ],
    )
    def test_keeps_other_numbers(self, text):
        assert redact_text(text) == text

    @pytest.mark.parametrize(
        ("text", "clean"),
        [
            ("sent Bearer abcdef123456", f"sent {REDACTED}"),
            ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln is it", f"{REDACTED} is it"),
            ("mongodb://user:hunter2@db/orders", f"mongodb://{REDACTED}@db/orders"),
            ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ],
    )
    def test_redacts_tokens_and_passwords_in_urls(self, text, clean):
        assert redact_text(text) == clean

    @given(
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=20,
        )
    )
    def test_never_fails(self, value):
        redact({"value": value})

    def test_cuts_deep_nesting(self):
        loop: list[object] = []
        loop.append(loop)

        assert "<list>" in str(redact({"value": loop}))
