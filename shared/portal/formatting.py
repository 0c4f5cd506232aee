"""Money, numbers and dates as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from markupsafe import Markup

from shared.base.clock import moment_text
from shared.base.money import exponent, major_units, unit_price_text
from shared.portal.answers import Page, Price

DASH = "\u2013"


def money(value: Price | None) -> str:
    """Return `Price(123450, "GBP")` as `£1,234.50`; decimals of the minor unit are kept."""
    if value is None:
        return DASH
    return unit_price_text(Decimal(value.amount), value.currency)


def major(value: Price | None) -> str:
    """Return an amount as it is typed into a form: `1234.50`."""
    if value is None:
        return ""
    amount = major_units(Decimal(value.amount), value.currency)
    return f"{amount:.{max(exponent(value.currency), -int(amount.normalize().as_tuple().exponent))}f}"


def number(value: int | None) -> str:
    return DASH if value is None else f"{value:,}"


def day(value: str | None) -> Markup | str:
    """Return an ISO date or time as `<time>24 Nov 2026</time>`."""
    if not value:
        return DASH
    moment = date.fromisoformat(value[:10])
    return Markup('<time datetime="{}">{}</time>').format(value[:10], f"{moment.day} {moment:%b %Y}")


def moment(value: str | None) -> Markup | str:
    """Return an ISO time as `<time>24 Nov 2026, 14:05 UTC</time>`."""
    if not value:
        return DASH
    at = datetime.fromisoformat(value).astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), moment_text(at))


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 line`, `2 lines`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def place(page: Page[Any], one: str, many: str = "") -> str:
    """Return where a page stands in its list: `26 to 50 of 500 orders`, with a dash."""
    last = page.position + len(page.items) - 1
    shown = f"{page.position:,}" if last <= page.position else f"{page.position:,}{DASH}{last:,}"
    if page.total is None:
        return shown
    if page.is_total_exact is False:
        return f"{shown} of more than {plural(page.total, one, many)}"
    return f"{shown} of {plural(max(page.total, last), one, many)}"


def sentence(text: str) -> str:
    """Return a text with a full stop at its end; "" stays empty."""
    return text if not text or text.endswith((".", "!", "?", "\u2026")) else f"{text}."


def register_formatting(app: Flask) -> None:
    for name, view in {"money": money, "major": major, "number": number, "day": day, "moment": moment}.items():
        app.jinja_env.filters[name] = view
    app.jinja_env.filters["plural"] = plural
    app.jinja_env.filters["place"] = place
