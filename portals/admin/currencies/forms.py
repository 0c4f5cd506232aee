"""The form that sets the currencies."""

from __future__ import annotations

import re

from wtforms import ValidationError

from shared.base.money import is_currency
from shared.portal.forms import PortalForm, TextField


class CurrenciesForm(PortalForm):
    """ISO 4217 codes separated by blanks, commas or line breaks; `sold` are those of today, which may be kept."""

    codes = TextField()

    def __init__(self, formdata: object, *, sold: list[str]) -> None:
        super().__init__(formdata)
        self.sold = sold

    def pointers(self) -> dict[str, str]:
        return {"currencies": "codes"}

    @property
    def wanted(self) -> list[str]:
        return [code.upper() for code in re.split(r"[\s,;]+", str(self.codes.data)) if code]

    def validate_codes(self, field: TextField) -> None:
        unknown = [code[:10] for code in self.wanted if not is_currency(code) and code not in self.sold]
        if unknown:
            raise ValidationError(f"{', '.join(unknown[:5])}: give ISO 4217 codes of currencies, such as GBP.")
        if not self.wanted:
            raise ValidationError("Enter at least one currency.")
