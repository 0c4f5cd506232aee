"""Key services: one contract for the key file and KMS, and the settings each refuses."""

from __future__ import annotations

import pytest

from shared.base import aws as clients
from shared.base import limits
from shared.base.errors import SettingsInvalid, Unavailable
from shared.base.settings import KeySettings
from shared.data.keys import CiphertextInvalid, KeyService, build_keys
from shared.data.keys_local import LocalKeys, new_key_line

CONTEXT = {"service": "users", "purpose": "personal"}


def local(tmp_path, *, lines: int = 1, mode: int = 0o600) -> KeySettings:
    file = tmp_path / "data-keys"
    file.touch()
    file.write_bytes(b"".join(new_key_line() for _ in range(lines)))
    file.chmod(mode)
    return KeySettings(key_backend="local", key_file=str(file))


@pytest.fixture(params=["local", "kms"])
def keys(request, tmp_path) -> KeyService:
    if request.param == "local":
        return build_keys(local(tmp_path))
    request.getfixturevalue("aws")
    arn = clients.client("kms").create_key()["KeyMetadata"]["Arn"]
    return build_keys(KeySettings(key_backend="kms", kms_key_id=arn))


class TestKeyService:
    def test_unwraps_what_it_wrapped(self, keys):
        made = keys.new_data_key(CONTEXT)

        assert len(made.plain) == 32
        assert keys.unwrap(made.wrapped, CONTEXT) == made.plain
        assert made.plain not in made.wrapped

    def test_creates_a_new_key_each_time(self, keys):
        assert keys.new_data_key(CONTEXT).plain != keys.new_data_key(CONTEXT).plain

    @pytest.mark.parametrize("other", [{"service": "orders"}, {"purpose": "payment"}])
    def test_unwraps_in_its_own_context_only(self, keys, other):
        made = keys.new_data_key(CONTEXT)

        with pytest.raises(CiphertextInvalid):
            keys.unwrap(made.wrapped, CONTEXT | other)

    def test_refuses_a_wrapped_key_that_was_changed(self, keys):
        wrapped = bytearray(keys.new_data_key(CONTEXT).wrapped)
        wrapped[-1] ^= 1

        with pytest.raises(CiphertextInvalid):
            keys.unwrap(bytes(wrapped), CONTEXT)

    def test_shows_no_key_in_its_representation(self, keys):
        made = keys.new_data_key(CONTEXT)

        assert repr(made.plain) not in repr(made)


class TestLocalKeys:
    def test_rotates_by_a_new_key_in_front(self, tmp_path):
        old, new = b"o" * 32, b"n" * 32
        wrapped = LocalKeys([old]).new_data_key(CONTEXT)

        assert LocalKeys([new, old]).unwrap(wrapped.wrapped, CONTEXT) == wrapped.plain
        with pytest.raises(CiphertextInvalid, match="KEY_FILE lacks the key"):
            LocalKeys([new]).unwrap(wrapped.wrapped, CONTEXT)

    def test_refuses_a_file_that_others_may_read(self, tmp_path):
        with pytest.raises(SettingsInvalid, match=r"KEY_FILE .* mode must be 0600"):
            build_keys(local(tmp_path, mode=0o640))

    def test_refuses_a_file_without_keys(self, tmp_path):
        with pytest.raises(SettingsInvalid, match=r"KEY_FILE .* must hold keys of 32 bytes"):
            build_keys(local(tmp_path, lines=0))

    def test_refuses_to_run_without_a_file(self):
        with pytest.raises(SettingsInvalid, match="KEY_FILE is missing"):
            build_keys(KeySettings())


class TestKmsKeys:
    def test_refuses_to_run_without_a_key(self):
        with pytest.raises(SettingsInvalid, match="KMS_KEY_ID is missing"):
            build_keys(KeySettings(key_backend="kms"))

    @pytest.mark.usefixtures("aws")
    def test_raises_unavailable_when_kms_does_not_answer(self, monkeypatch):
        keys = build_keys(KeySettings(key_backend="kms", kms_key_id="alias/none"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("LIMIT_KMS_ATTEMPTS", "1")
        limits.limits_for.cache_clear()
        clients.client.cache_clear()
        try:
            with pytest.raises(Unavailable, match="key service"):
                keys.new_data_key(CONTEXT)
            with pytest.raises(Unavailable, match="key service"):
                keys.unwrap(b"wrapped", CONTEXT)
        finally:
            limits.limits_for.cache_clear()
            clients.client.cache_clear()


class TestKeyBackend:
    def test_is_refused_by_name_when_unknown(self):
        with pytest.raises(SettingsInvalid, match="KEY_BACKEND is 'vault'; it must be one of local, kms"):
            KeySettings.from_env({"KEY_BACKEND": "vault"})
