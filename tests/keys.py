"""The key file with which tests encrypt."""

from __future__ import annotations

import pytest

from shared.data.keys_local import new_key_line


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What encrypts this session's data at rest."""
    file = tmp_path_factory.mktemp("keys") / "data-keys"
    file.touch(mode=0o600)
    file.write_bytes(new_key_line())
    return str(file)
