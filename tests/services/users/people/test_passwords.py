"""Which passwords may be chosen, and in which spellings a stored one fits."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher

from services.users.clients.passwords import PasswordQueue, common_passwords
from services.users.people.documents import User
from services.users.people.rules import DEMO_PASSWORD, is_refused_password, why_refused
from tests.factories.users import PASSWORD, make_user

TYPED = "Ångström-Café-№7"


def in_full_width(text):
    """Return the text as a Japanese keyboard may type it."""
    return "".join(chr(ord(each) + 0xFEE0) for each in text)


class TestChoice:
    @pytest.mark.parametrize(
        "password",
        [
            "aaaaaaaaaaaa",
            "111111111111",
            "            ",
            "ababababababab",
            "aaaaaaaaaaab",
            "password1234",
            "Password2026!",
            "!!PASSWORD!!99",
            "passwordpassword",
            "PassWord1PassWord1",
            "qwerty qwerty qwerty",
            "123456789012",
            "210987654321",
            "abcdefghijklm",
            "qwertyuiop12",
            "qwertyuiopas",
            "poiuytrewqlkjh"[:10] + "12",
            "1qaz2wsx3edc",
            "letmeinletmein",
            "welcome-2026",
            in_full_width("password1234"),
            "football 4711",
            "short",
            "ﬃ" * 4,
        ],
    )
    def test_refuses_what_guessers_try_first(self, password):
        assert why_refused(password, common_passwords())

    @pytest.mark.parametrize(
        "password",
        [
            PASSWORD,
            "a long enough password",
            "tradepost-demo",
            "Zürich im Regen",
            "839201847362",
            "kühlschrank-lampe",
            "s8#kQ2!vP0@x",
            "пароль-из-четырёх-слов",
            "一二三四五六七八九十百千",
        ],
    )
    def test_takes_others(self, password):
        assert why_refused(password, common_passwords()) is None

    def test_the_demo_password_is_refused_in_every_spelling(self):
        assert is_refused_password(in_full_width(DEMO_PASSWORD), "prod")


class TestSpellings:
    @pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
    def test_every_form_fits(self, form, client):
        user = make_user(password=unicodedata.normalize("NFC", TYPED))
        login = {"email": user.email, "password": unicodedata.normalize(form, TYPED)}

        assert client.post("/v1/auth/login", json=login).status_code == 200

    def test_a_hash_of_an_older_version_fits_and_is_renewed(self, client):
        typed = unicodedata.normalize("NFD", TYPED)
        old = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(typed.encode())
        user = make_user(password_hash=old)
        login = {"email": user.email, "password": typed}

        assert client.post("/v1/auth/login", json=login).status_code == 200
        renewed = User.get(user.id).password_hash
        assert renewed != old
        login["password"] = unicodedata.normalize("NFC", TYPED)
        assert client.post("/v1/auth/login", json=login).status_code == 200
        assert User.get(user.id).password_hash == renewed

    def test_another_password_fits_in_no_spelling(self):
        queue = PasswordQueue()
        stored = queue.hash(TYPED)

        assert not queue.fits(TYPED.lower(), stored)
        assert not queue.fits(TYPED, None)
        assert not queue.is_outdated(stored, TYPED)
