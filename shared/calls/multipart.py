"""A multipart body whose files are read while they are sent, so that no upload is held in memory."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import IO, cast

from shared.calls.wire import Body

# Filename, content and media type; a stream must be able to seek.
FilePart = tuple[str, bytes | IO[bytes], str]


def multipart_body(values: Mapping[str, str], files: Mapping[str, FilePart]) -> tuple[Body, str]:
    """Return the body of form values and files, and its content type."""
    # Imported here: only uploads need it, and urllib3 takes a while to load.
    from urllib3.filepost import choose_boundary, encode_multipart_formdata

    boundary = choose_boundary()
    parts: list[IO[bytes]] = []
    for name, (filename, content, media_type) in files.items():
        frame, _ = encode_multipart_formdata({name: (filename, b"", media_type)}, boundary=boundary)
        head, _, _ = frame.rpartition(f"\r\n--{boundary}--".encode())
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        parts += [io.BytesIO(head), stream, io.BytesIO(b"\r\n")]
    rest, content_type = encode_multipart_formdata(dict(values), boundary=boundary)
    parts.append(io.BytesIO(rest))
    return Body(sum(map(_size, parts)), file=cast(IO[bytes], _Chain(parts))), content_type


def _size(part: IO[bytes]) -> int:
    return part.seek(0, os.SEEK_END)


class _Chain:
    """Several streams as one, read from the start of each."""

    def __init__(self, parts: list[IO[bytes]]) -> None:
        self._parts = parts
        self.seek(0)

    def seek(self, position: int) -> int:
        """Go back to the start, the only position that a body is sent from."""
        for part in self._parts:
            part.seek(0)
        self._at = 0
        return position

    def read(self, size: int) -> bytes:
        while self._at < len(self._parts):
            piece = self._parts[self._at].read(size)
            if piece:
                return piece
            self._at += 1
        return b""
