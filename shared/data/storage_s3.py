"""Files in an S3 bucket, under a prefix per service; the default encryption of the bucket applies."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from shared.base.aws import client
from shared.base.errors import Unavailable
from shared.data.storage_contract import StoredFileMissing, checked_key

# Large files are uploaded in parts of 8 MiB, one after the other, without further threads.
PIECEWISE = TransferConfig(use_threads=False)
MISSING = {"404", "NoSuchKey"}


@contextmanager
def _answering(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as refusal:
        code = refusal.response["Error"]["Code"]
        if code in MISSING:
            raise StoredFileMissing(f"File {key} was not found") from refusal
        raise Unavailable(f"The file storage refused: {code}") from refusal
    except (BotoCoreError, Boto3Error) as failure:
        raise Unavailable("The file storage does not answer") from failure


class S3Storage:
    """The storage backend `s3`; S3 stores an object atomically."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def put(self, key: str, content: bytes | IO[bytes], *, content_type: str = "application/octet-stream") -> None:
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        options = {"ContentType": content_type, "ChecksumAlgorithm": "SHA256"}
        name = self._name(key)
        with _answering(key):
            client("s3").upload_fileobj(source, self._bucket, name, ExtraArgs=options, Config=PIECEWISE)

    def open(self, key: str) -> BinaryIO:
        name = self._name(key)
        with _answering(key):
            body = client("s3").get_object(Bucket=self._bucket, Key=name)["Body"]
        return cast(BinaryIO, io.BufferedReader(body))

    def exists(self, key: str) -> bool:
        name = self._name(key)
        try:
            with _answering(key):
                client("s3").head_object(Bucket=self._bucket, Key=name)
        except StoredFileMissing:
            return False
        return True

    def delete(self, key: str) -> None:
        name = self._name(key)
        with _answering(key):
            client("s3").delete_object(Bucket=self._bucket, Key=name)

    def _name(self, key: str) -> str:
        return f"{self._prefix}/{checked_key(key)}"
