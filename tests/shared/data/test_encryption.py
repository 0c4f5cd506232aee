"""Encrypted values: decrypted only for their service, purpose and field, mostly without a call of the key service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from shared.base.errors import Unavailable
from shared.data.encryption import PAYMENT, PERSONAL, VERSION, Cipher, FieldContext, is_encrypted
from shared.data.keys import CiphertextInvalid, DataKey
from shared.data.keys_local import LocalKeys

EMAIL = FieldContext(PERSONAL, "users.email")


class CountedKeys:
    """A key service that counts calls and can be unavailable."""

    def __init__(self) -> None:
        self._keys = LocalKeys([b"k" * 32])
        self.asked: Counter[str] = Counter()
        self.is_away = False

    def new_data_key(self, context: Mapping[str, str]) -> DataKey:
        self._count("new")
        return self._keys.new_data_key(context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self._count("unwrap")
        return self._keys.unwrap(wrapped, context)

    def _count(self, what: str) -> None:
        if self.is_away:
            raise Unavailable("The key service does not answer")
        self.asked[what] += 1


class Time:
    """A clock that tests advance."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys():
    return CountedKeys()


@pytest.fixture
def cipher(keys):
    return Cipher("users", keys)


class TestEncrypt:
    def test_hides_the_value_and_gives_it_back(self, cipher):
        encrypted = cipher.encrypt(b"ann@acme.example", EMAIL)

        assert is_encrypted(encrypted)
        assert b"acme" not in encrypted
        assert cipher.decrypt(encrypted, EMAIL) == b"ann@acme.example"

    def test_is_different_each_time(self, cipher):
        assert cipher.encrypt(b"ann", EMAIL) != cipher.encrypt(b"ann", EMAIL)

    def test_has_the_documented_layout(self, cipher):
        encrypted = cipher.encrypt(b"ann", EMAIL)
        wrapped = int.from_bytes(encrypted[2:4], "big")

        assert encrypted[:2] == VERSION
        assert len(encrypted) == 2 + 2 + wrapped + 12 + len(b"ann") + 16

    def test_creates_one_data_key_per_purpose(self, cipher, keys):
        for _ in range(50):
            cipher.decrypt(cipher.encrypt(b"ann", EMAIL), EMAIL)
        cipher.encrypt(b"tok", FieldContext(PAYMENT, "orders.card_token"))

        assert keys.asked == {"new": 2}

    def test_creates_a_new_data_key_after_the_limit_of_values(self, keys):
        cipher = Cipher("users", keys, values_per_key=3)
        for _ in range(7):
            cipher.encrypt(b"ann", EMAIL)

        assert keys.asked["new"] == 3

    def test_creates_a_new_data_key_after_its_lifetime(self, keys):
        time = Time()
        cipher = Cipher("users", keys, key_seconds=60, clock=time)
        first = cipher.encrypt(b"ann", EMAIL)
        time.now = 61
        cipher.encrypt(b"ann", EMAIL)

        assert keys.asked["new"] == 2
        assert cipher.decrypt(first, EMAIL) == b"ann"


class TestDecrypt:
    def test_refuses_every_changed_byte(self, cipher):
        encrypted = cipher.encrypt(b"ann", EMAIL)
        for position in range(len(encrypted)):
            changed = bytearray(encrypted)
            changed[position] ^= 1
            with pytest.raises(CiphertextInvalid):
                cipher.decrypt(bytes(changed), EMAIL)

    @pytest.mark.parametrize("length", [0, 1, 3, 4, 60])
    def test_refuses_a_truncated_value(self, cipher, length):
        with pytest.raises(CiphertextInvalid):
            cipher.decrypt(cipher.encrypt(b"ann", EMAIL)[:length], EMAIL)

    @pytest.mark.parametrize("other", [FieldContext(PERSONAL, "users.name"), FieldContext(PAYMENT, "users.email")])
    def test_refuses_a_value_of_another_context(self, cipher, other):
        with pytest.raises(CiphertextInvalid):
            cipher.decrypt(cipher.encrypt(b"ann", EMAIL), other)

    def test_refuses_a_value_of_another_service(self, cipher, keys):
        with pytest.raises(CiphertextInvalid):
            Cipher("orders", keys).decrypt(cipher.encrypt(b"ann", EMAIL), EMAIL)

    def test_names_the_field_of_the_value(self, cipher):
        encrypted = cipher.encrypt(b"ann", EMAIL)

        with pytest.raises(CiphertextInvalid, match=r"users: users\.name cannot be decrypted"):
            cipher.decrypt(encrypted, FieldContext(PERSONAL, "users.name"))

    def test_unwraps_another_process_key_once(self, cipher, keys):
        encrypted = [cipher.encrypt(b"ann", EMAIL) for _ in range(5)]
        other = Cipher("users", keys)
        for each in encrypted:
            other.decrypt(each, EMAIL)

        assert keys.asked["unwrap"] == 1

    def test_caches_a_limited_number_of_keys(self, keys):
        encrypted = [Cipher("users", keys).encrypt(b"ann", EMAIL) for _ in range(3)]
        reader = Cipher("users", keys, keys_remembered=2)
        for each in [*encrypted, encrypted[0]]:
            reader.decrypt(each, EMAIL)

        assert keys.asked["unwrap"] == 4


class TestWithoutTheKeyService:
    def test_uses_cached_keys(self, keys):
        time = Time()
        cipher = Cipher("users", keys, key_seconds=60, clock=time)
        before = cipher.encrypt(b"ann", EMAIL)
        keys.is_away, time.now = True, 61

        assert cipher.decrypt(before, EMAIL) == b"ann"
        assert cipher.decrypt(cipher.encrypt(b"bob", EMAIL), EMAIL) == b"bob"

    def test_creates_a_new_key_once_it_is_available(self, keys):
        time = Time()
        cipher = Cipher("users", keys, key_seconds=60, clock=time)
        cipher.encrypt(b"ann", EMAIL)
        keys.is_away, time.now = True, 61
        cipher.encrypt(b"ann", EMAIL)
        keys.is_away, time.now = False, 122
        cipher.encrypt(b"ann", EMAIL)

        assert keys.asked["new"] == 2

    def test_never_stores_a_value_plain(self, cipher, keys):
        keys.is_away = True

        with pytest.raises(Unavailable):
            cipher.encrypt(b"ann", EMAIL)

    def test_cannot_decrypt_a_value_of_an_uncached_key(self, cipher, keys):
        encrypted = cipher.encrypt(b"ann", EMAIL)
        keys.is_away = True

        with pytest.raises(Unavailable) as refusal:
            Cipher("users", keys).decrypt(encrypted, EMAIL)
        assert refusal.value.status == 503
