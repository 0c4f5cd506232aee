"""Form fields of both portals: one class per form in an area's `forms.py`, read by WTForms."""

from __future__ import annotations

from collections.abc import Collection, Container

from wtforms import Field, Form, StringField, ValidationError

from shared.base import card_numbers
from shared.base.card_numbers import holds_card_number
from shared.base.money import MAX_AMOUNT, minor_units
from shared.base.numbers import read_decimal, read_whole
from shared.base.texts import with_line_feeds
from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Price
from shared.portal.faults import WHOLE_FORM, Faults, faults_of

MOST_DECIMALS = 20
MOST_UNITS = 999_999_999
CORRECTABLE = frozenset({409, 422})
COMMA_ADVICE = "A comma only separates thousands, as in 1,200; write decimals with a point, as in 1.50."


class PortalForm(Form):
    """
    Base of every form; CSRF is checked for the whole portal (`shared/portal/csrf.py`).

    `currency_of_amounts` is set where a form takes amounts.
    """

    currency_of_amounts = "GBP"

    @property
    def currency_code(self) -> str:
        """The currency in which amounts are typed."""
        return self.currency_of_amounts

    @property
    def faults(self) -> Faults:
        """Return the first error of each field that has one."""
        return {name or WHOLE_FORM: str(errors[0]) for name, errors in self.errors.items() if errors}

    def refused(
        self, refusal: UpstreamRefused, *, statuses: Collection[int] = CORRECTABLE, whole: str = WHOLE_FORM
    ) -> Faults:
        """
        Return what the gateway refused, by field; a refusal that no input can correct is raised again.

        `whole` is the field that a refusal without pointers belongs to.
        """
        if refusal.status not in statuses:
            raise refusal
        return faults_of(refusal, self.pointers(), whole=whole)

    def pointers(self) -> dict[str, str]:
        """Return the fields by the JSON pointers of the request that is sent, without the first slash."""
        return {name: name for name in self._fields}

    @property
    def typed(self) -> dict[str, str]:
        """Return what was typed into each field, as text."""
        return {name: field.raw_data[0] if field.raw_data else "" for name, field in self._fields.items()}


class TextField(StringField):
    """
    A text without surrounding white space; `data` is "" when nothing was typed.

    Browsers send the line breaks of a text box as CR LF; `data` has line feeds.
    """

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = with_line_feeds(valuelist[0].strip()) if valuelist else ""


class ChoicesField(Field):
    """Boxes of which any may be ticked; `data` has the ticked ones of those that are `known`."""

    def __init__(self, label: str = "", *, known: Container[str], **options: object) -> None:
        super().__init__(label, **options)
        self.known = known

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [each for each in valuelist if each in self.known]


def no_card_number(_: PortalForm, field: Field) -> None:
    """Refuse a text that looks like a card number, for fields that a portal itself keeps."""
    if holds_card_number(field.data or ""):
        raise ValidationError(card_numbers.REFUSAL)


class AmountField(StringField):
    """
    An amount typed in major units (`12.50`) of the form's currency.

    `price` is the amount after validation, `price_or_none` also for a field that may be empty. A unit price may
    have decimals of the minor unit; `whole` refuses them.
    """

    def __init__(self, label: str = "", *, whole: bool = False, required: bool = True, **options: object) -> None:
        super().__init__(label, **options)
        self.whole = whole
        self.required = required
        self.price_or_none: Price | None = None

    @property
    def price(self) -> Price:
        if self.price_or_none is None:
            raise LookupError(f"The field {self.name} is empty or was not validated")
        return self.price_or_none

    def pre_validate(self, form: PortalForm) -> None:
        raw = self.data or ""
        if raw.strip() or self.required:
            self.price_or_none = read_amount(raw, form.currency_code, whole=self.whole)


class UnitsField(StringField):
    """
    A whole number of units: `units` after validation, `units_or_none` where the field may be empty.

    `most` are as many as there are, None without a limit.
    """

    def __init__(
        self, label: str = "", *, least: int = 0, most: int | None = None, required: bool = True, **options: object
    ) -> None:
        super().__init__(label, **options)
        self.least = least
        self.most = most
        self.required = required
        self.units_or_none: int | None = None

    @property
    def units(self) -> int:
        if self.units_or_none is None:
            raise LookupError(f"The field {self.name} is empty or was not validated")
        return self.units_or_none

    def pre_validate(self, form: PortalForm) -> None:
        raw = self.data or ""
        if raw.strip() or self.required:
            self.units_or_none = read_units(raw, least=self.least)
        if self.most is not None and (self.units_or_none or 0) > self.most:
            raise ValidationError(f"Enter at most {self.most:,}.")


def read_amount(raw: str, currency: str, *, whole: bool = False) -> Price:
    """
    Return what was typed in major units (`12.50`) as a price in minor units; raise ValidationError.

    A unit price keeps the decimals of the minor unit, as text; `whole` refuses them.
    """
    number = read_decimal(raw.strip())
    if number is None:
        raise ValidationError(COMMA_ADVICE if "," in raw else "Enter an amount of 0 or more, such as 12.50.")
    minor = minor_units(number, currency)
    if minor > MAX_AMOUNT or -int(minor.normalize().as_tuple().exponent) > MOST_DECIMALS:
        raise ValidationError("This amount is too large, or has too many decimals.")
    if whole and minor == minor.to_integral_value():
        return Price(int(minor), currency)
    if whole:
        raise ValidationError(f"{currency} has no smaller unit than that; round the amount.")
    return Price(f"{minor.normalize():f}", currency)


def read_units(raw: str, *, least: int = 0) -> int:
    """Return a whole number of units, `least` or more; raise ValidationError."""
    units = read_whole(raw.strip())
    if units is None or not least <= units <= MOST_UNITS:
        advice = " A comma only separates thousands, as in 1,200." if units is None and "," in raw else ""
        raise ValidationError(f"Enter a whole number, {least} or more.{advice}")
    return units
