"""The contract of file storage, for a folder and S3: atomic writes, and no file outside of the storage."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import uuid4

import pytest

from shared.base import aws as clients
from shared.base.errors import SettingsInvalid, Unavailable
from shared.data.storage import LocalStorage, make_storage
from shared.data.storage_contract import Storage, StorageKeyInvalid, StoredFileMissing


@pytest.fixture
def bucket(aws: str) -> str:
    name = f"documents-{uuid4().hex}"
    clients.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def local(tmp_path: Path) -> Storage:
    return make_storage("local", tmp_path / "files")


@pytest.fixture
def in_s3(bucket: str) -> Storage:
    return make_storage("s3", "", bucket=bucket, prefix="toys")


@pytest.fixture(params=["local", "in_s3"])
def storage(request: pytest.FixtureRequest) -> Storage:
    twin: Storage = request.getfixturevalue(request.param)
    return twin


def read(storage: Storage, key: str) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


class TestPut:
    @pytest.mark.parametrize("kind", [bytes, io.BytesIO])
    def test_stores_bytes_and_streams(self, storage, kind):
        storage.put("confirmations/cmp_1/ord_2.pdf", kind(b"%PDF"), content_type="application/pdf")

        assert storage.exists("confirmations/cmp_1/ord_2.pdf")
        assert read(storage, "confirmations/cmp_1/ord_2.pdf") == b"%PDF"

    def test_replaces_an_existing_file(self, storage):
        storage.put("a.csv", b"long first version")
        storage.put("a.csv", b"new")

        assert read(storage, "a.csv") == b"new"

    def test_keeps_the_old_file_after_a_failure(self, storage):
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise OSError("the client went away")

        storage.put("a.csv", b"old")
        with pytest.raises(OSError, match="went away"):
            storage.put("a.csv", Broken())

        assert read(storage, "a.csv") == b"old"

    def test_leaves_no_incomplete_file_after_a_failure(self, local, tmp_path):
        with pytest.raises(TypeError):
            local.put("a.csv", io.StringIO("text"))

        assert list((tmp_path / "files").iterdir()) == []

    def test_stores_a_large_file_in_parts_and_streams_it_as_text(self, storage):
        lines = "".join(f"SKU-{number},größer\r\n" for number in range(600_000))
        storage.put("imports/large.csv", io.BytesIO(lines.encode()))

        with io.TextIOWrapper(storage.open("imports/large.csv"), encoding="utf-8-sig", newline="") as text:
            assert [next(text), next(text)] == ["SKU-0,größer\r\n", "SKU-1,größer\r\n"]
            assert sum(1 for _ in text) == 599_998


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
    def test_refuses_a_key_that_is_not_plain(self, storage, key):
        for attempt in (storage.open, storage.exists, storage.delete, lambda key: storage.put(key, b"")):
            with pytest.raises(StorageKeyInvalid):
                attempt(key)

    def test_does_not_follow_a_link_outside_of_the_folder(self, local, tmp_path):
        (tmp_path / "secret").write_text("mine")
        (tmp_path / "files" / "link").symlink_to(tmp_path)

        with pytest.raises(StorageKeyInvalid):
            local.open("link/secret")


class TestMissing:
    def test_is_a_not_found(self, storage):
        assert not storage.exists("none.csv")
        with pytest.raises(StoredFileMissing) as refusal:
            storage.open("none.csv")

        assert refusal.value.status == 404

    def test_deletes_twice_without_an_error(self, storage):
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

    def test_needs_a_bucket(self):
        with pytest.raises(SettingsInvalid, match="STORAGE_BUCKET"):
            make_storage("s3", "somewhere")

    def test_is_a_folder_by_default(self, tmp_path):
        assert isinstance(make_storage("local", str(tmp_path)), LocalStorage)


class TestS3:
    def test_stores_the_media_type_and_a_checksum_under_the_prefix(self, in_s3, bucket):
        in_s3.put("a.csv", b"sku", content_type="text/csv")

        head = clients.client("s3").head_object(Bucket=bucket, Key="toys/a.csv", ChecksumMode="ENABLED")
        assert head["ContentType"] == "text/csv"
        assert head["ChecksumSHA256"]

    def test_raises_unavailable_when_s3_fails(self, in_s3, bucket):
        clients.client("s3").delete_bucket(Bucket=bucket)

        for attempt in (in_s3.open, in_s3.delete, lambda key: in_s3.put(key, b"")):
            with pytest.raises(Unavailable):
                attempt("a.csv")
