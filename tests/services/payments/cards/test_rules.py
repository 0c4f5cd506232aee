"""The metric labels of declines."""

from __future__ import annotations

from services.payments.cards import rules


def test_decline_labels_stay_few():
    assert rules.decline_label("insufficient_funds") == "insufficient_funds"
    assert rules.decline_label("made_up_by_a_processor") == "other"
