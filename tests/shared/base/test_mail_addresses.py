"""Addresses that mails reach, and those that are refused at the door."""

from __future__ import annotations

import pytest

from shared.base.mail_addresses import AddressNotMailable, mailable_address, with_ascii_domain

UNREACHABLE = [
    ("\u00fc-x@acme.example", "letters a to z before the @"),
    ('"a b"@acme.example', "quotation marks before the @"),
    ("a@[192.0.2.1]", "not an IP address"),
    ("a@localhost", "whole domain after the @"),
    ("x" * 65 + "@" + "d" * 60 + ".example" + "e" * 130, "Mails cannot be sent"),
    ("a@" + ".".join(["d" * 60] * 5) + ".example", "too long"),
    ("a..b@acme.example", "Mails cannot be sent"),
    ("not an address", "such as name@company.example"),
    ("@acme.example", "such as name@company.example"),
    ("a@b@c.example", "Mails cannot be sent"),
    ("", "such as name@company.example"),
]


@pytest.mark.parametrize(
    ("email", "mailed"),
    [
        ("bea.buyer+po@acme.example", "bea.buyer+po@acme.example"),
        ("bea@b\u00fccher.example", "bea@xn--bcher-kva.example"),
        ("bea@xn--bcher-kva.example", "bea@xn--bcher-kva.example"),
    ],
)
def test_reachable_ones_are_mailed_with_a_domain_in_ascii(email: str, mailed: str):
    assert mailable_address(email) == mailed


@pytest.mark.parametrize(("email", "reason"), UNREACHABLE)
def test_others_are_refused_with_the_reason(email: str, reason: str):
    with pytest.raises(AddressNotMailable, match=reason):
        mailable_address(email)


@pytest.mark.parametrize(
    ("email", "known_as"),
    [
        ("bea@b\u00fccher.example", "bea@xn--bcher-kva.example"),
        ("b\u00e4a@acme.example", "b\u00e4a@acme.example"),
        ("bea@\u2028.example", "bea@\u2028.example"),
        ("nothing", "nothing"),
    ],
)
def test_a_domain_that_is_none_stays_as_it_is(email: str, known_as: str):
    assert with_ascii_domain(email) == known_as
