"""E-mail addresses that mails can be sent to: neither SES nor SMTP without SMTPUTF8 takes others."""

from __future__ import annotations

import idna
from email_validator import EmailNotValidError, validate_email


class AddressNotMailable(ValueError):
    """No mail can be sent to the address; the text says why and holds nothing of the address."""


def mailable_address(email: str) -> str:
    """
    Return the address with its domain in ASCII (`bücher.example` is `xn--bcher-kva.example`).

    Raises AddressNotMailable for one that is none, has characters before the @ that mails cannot carry, or is quoted,
    and for a domain that is an IP address, has no dot or is reserved.
    """
    try:
        return validate_email(email, check_deliverability=False, allow_smtputf8=False).ascii_email or email
    except EmailNotValidError as fault:
        raise AddressNotMailable(_reason(email, str(fault))) from fault


def with_ascii_domain(email: str) -> str:
    """Return the address with its domain in ASCII, unchanged when the domain is none."""
    local, at, domain = email.rpartition("@")
    if domain.isascii():
        return email
    try:
        return local + at + idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return email


def _reason(email: str, fault: str) -> str:
    local, _, domain = email.rpartition("@")
    if not local or not domain:
        return "Enter an e-mail address, such as name@company.example."
    if local.startswith('"'):
        return "We cannot send mails to an address with quotation marks before the @."
    if not local.isascii():
        return "We can send mails only to addresses with the letters a to z before the @."
    if domain.startswith("["):
        return "Enter a domain after the @, not an IP address."
    if "too long" in fault:
        return "This e-mail address is too long."
    if "." not in domain:
        return "Enter a whole domain after the @, such as company.example."
    return "Mails cannot be sent to this address: check both parts of it."
