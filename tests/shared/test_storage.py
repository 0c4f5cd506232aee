"""Local files under keys: whole or not there, and never outside the folder."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from shared.settings import SettingsInvalid
from shared.storage import LocalStorage, Storage, StorageKeyInvalid, StoredFileMissing, make_storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return make_storage("local", tmp_path / "files")


def read(storage: Storage, key: str) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


class TestPut:
    @pytest.mark.parametrize("content", [b"%PDF", io.BytesIO(b"%PDF")])
    def test_keeps_bytes_and_streams(self, storage, content):
        storage.put("confirmations/cmp_1/ord_2.pdf", content, content_type="application/pdf")

        assert storage.exists("confirmations/cmp_1/ord_2.pdf")
        assert read(storage, "confirmations/cmp_1/ord_2.pdf") == b"%PDF"

    def test_replaces_what_was_there(self, storage):
        storage.put("a.csv", b"long first version")
        storage.put("a.csv", b"new")

        assert read(storage, "a.csv") == b"new"

    def test_leaves_the_old_file_and_no_rubbish_when_it_breaks(self, storage, tmp_path):
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise OSError("the client went away")

        storage.put("a.csv", b"old")
        with pytest.raises(OSError, match="went away"):
            storage.put("a.csv", Broken())

        assert read(storage, "a.csv") == b"old"
        assert [path.name for path in (tmp_path / "files").iterdir()] == ["a.csv"]


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/etc/passwd",
            "../secret",
            "a/../../secret",
            "a/./b",
            "a//b",
            "a/",
            ".hidden",
            "a\\b",
            "a\x00b",
            "a\n",
            "ü",
            "a.unfinished",
            "x" * 600,
        ],
    )
    def test_refuses_what_is_not_a_plain_key(self, storage, key):
        for attempt in (storage.open, storage.exists, storage.delete, lambda key: storage.put(key, b"")):
            with pytest.raises(StorageKeyInvalid):
                attempt(key)

    def test_does_not_follow_a_link_out_of_the_folder(self, storage, tmp_path):
        (tmp_path / "secret").write_text("mine")
        (tmp_path / "files" / "link").symlink_to(tmp_path)

        with pytest.raises(StorageKeyInvalid):
            storage.open("link/secret")


class TestMissing:
    def test_is_a_not_found(self, storage):
        assert not storage.exists("none.csv")
        with pytest.raises(StoredFileMissing) as refusal:
            storage.open("none.csv")

        assert refusal.value.status == 404

    def test_deletes_twice_without_complaint(self, storage):
        storage.put("a.csv", b"a")
        storage.delete("a.csv")
        storage.delete("a.csv")

        assert not storage.exists("a.csv")


class TestMakeStorage:
    def test_refuses_an_unknown_backend_by_name(self, tmp_path):
        with pytest.raises(SettingsInvalid, match="STORAGE_BACKEND is 'ftp'"):
            make_storage("ftp", tmp_path)

    def test_needs_a_folder(self):
        with pytest.raises(SettingsInvalid, match="STORAGE_DIR"):
            make_storage("local", "")

    def test_is_a_folder_by_default(self, tmp_path):
        assert isinstance(make_storage("local", str(tmp_path)), LocalStorage)
