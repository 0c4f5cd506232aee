"""The workspace: a file is fetched once and reused; unused copies are deleted."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from shared.data.storage import LocalStorage
from shared.data.storage_contract import StorageKeyInvalid, StoredFileMissing
from shared.data.workspace import Workspace

DAY = timedelta(days=1)


@pytest.fixture
def files(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def workspace(tmp_path: Path, files: LocalStorage) -> Workspace:
    files.put("imports/spring.csv", b"sku,name")
    return Workspace(tmp_path / "workspace", files)


def read(workspace: Workspace, key: str = "imports/spring.csv") -> bytes:
    with workspace.open(key) as copy:
        return copy.read()


class TestWorkspace:
    def test_fetches_a_file_once(self, workspace, files):
        assert read(workspace) == b"sku,name"
        files.delete("imports/spring.csv")

        assert read(workspace) == b"sku,name"

    def test_deletes_a_copy(self, workspace, files):
        read(workspace)
        files.put("imports/spring.csv", b"other")
        workspace.forget("imports/spring.csv")
        workspace.forget("imports/spring.csv")

        assert read(workspace) == b"other"

    def test_raises_for_a_missing_file_and_leaves_no_copy(self, workspace, tmp_path):
        with pytest.raises(StoredFileMissing):
            workspace.open("imports/autumn.csv")
        assert [path for path in (tmp_path / "workspace").rglob("*") if path.is_file()] == []

    def test_refuses_paths_outside_of_the_folder(self, workspace):
        with pytest.raises(StorageKeyInvalid):
            workspace.open("../files/imports/spring.csv")

    def test_deletes_copies_unused_for_a_day(self, workspace, files, tmp_path):
        files.put("imports/old.csv", b"old")
        read(workspace)
        read(workspace, "imports/old.csv")
        left_by_a_killed_worker = tmp_path / "workspace" / "imports" / "x.csv.ab12.unfinished"
        left_by_a_killed_worker.write_bytes(b"half")
        for path in (tmp_path / "workspace" / "imports" / "old.csv", left_by_a_killed_worker):
            os.utime(path, (0, time.time() - 25 * 3600))

        assert workspace.clean(DAY) == 2
        assert [path.name for path in (tmp_path / "workspace").rglob("*.*")] == ["spring.csv"]

    def test_keeps_an_old_copy_that_was_used_today(self, workspace, tmp_path):
        read(workspace)
        os.utime(tmp_path / "workspace" / "imports" / "spring.csv", (0, 0))
        read(workspace)

        assert workspace.clean(DAY) == 0
