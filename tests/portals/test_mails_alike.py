"""Mails say what the pages say: the same money, the same words for where an order stands, dates and colours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.notifications import rules
from shared.base.clock import moment_text
from shared.portal.answers import Price
from shared.portal.formatting import moment, money
from shared.portal.statuses import ORDER_WORDS
from tests.factories.notifications import cancelled, confirmed, remainder_cancelled, shipped

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(r"#[0-9a-f]{6}")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (123450, "GBP", "\u00a31,234.50"),
        (5, "EUR", "\u20ac0.05"),
        (4990, "CLP", "CLP 4,990"),
        (1234, "OMR", "OMR 1.234"),
        (0, "CHF", "CHF 0.00"),
    ],
)
def test_money(amount: int, currency: str, shown: str):
    facts = rules.order_confirmed(confirmed(total_amount=amount, currency=currency)).facts

    assert isinstance(facts, rules.Confirmation)
    assert facts.total == money(Price(amount, currency)) == shown


@pytest.mark.parametrize(
    ("announcement", "status"),
    [
        (rules.order_confirmed(confirmed()), "confirmed"),
        (rules.order_shipped(shipped()), "shipped"),
        (rules.order_shipped(shipped(is_complete=False)), "partially_shipped"),
        (rules.order_cancelled(cancelled()), "cancelled"),
        (rules.order_remainder_cancelled(remainder_cancelled()), "partially_cancelled"),
    ],
)
def test_words_for_where_an_order_stands(announcement: rules.Announcement | None, status: str):
    assert announcement is not None
    assert announcement.facts.subject == f"{ORDER_WORDS[status].label}: order SO-000001"


def test_times():
    at = datetime(2026, 11, 4, 9, 5, tzinfo=UTC)

    assert f">{moment_text(at)}<" in moment(at.isoformat())


def test_colours():
    theme = (ROOT / "shared/portal/static/theme.css").read_text()
    mail = (ROOT / "services/notifications/templates/layout.html").read_text()

    accent = re.search(r"--tp-accent: (#[0-9a-f]{6})", theme)
    assert accent is not None
    assert f"background: {accent[1]}" in mail
    assert set(COLOUR.findall(mail)) <= set(COLOUR.findall(theme))
