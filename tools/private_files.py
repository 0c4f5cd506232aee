"""Files that only their owner may read: secrets of a laptop."""

from __future__ import annotations

from pathlib import Path


def write_privately(path: Path, content: bytes) -> Path:
    """Write the whole file or nothing, with mode 0600 from the first byte on, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.touch(mode=0o600)
    partial.chmod(0o600)
    partial.write_bytes(content)
    partial.replace(path)
    return path
