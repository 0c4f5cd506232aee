"""A node that stops, was stopped or is no primary makes the database unavailable; a wrong request does not."""

from __future__ import annotations

import pytest
from mongoengine.errors import OperationError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from shared.data.store_failures import is_store_failure

SHUTDOWN = {"code": 91, "errmsg": "Replication is being shut down"}


def _wrapped(cause: Exception) -> OperationError:
    """Return the error that mongoengine raises while it handles the driver's."""
    try:
        try:
            raise cause
        except OperationFailure as failure:
            raise OperationError(f"Could not save document ({failure})")  # noqa: B904 - as mongoengine does
    except OperationError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("gone"),
        ServerSelectionTimeoutError("no primary"),
        NotPrimaryError("stepped down"),
        ExecutionTimeout("too slow", 50),
        WriteConcernError("Replication is being shut down", 91, SHUTDOWN),
        OperationFailure("interrupted at shutdown", 11600),
        BulkWriteError({"writeErrors": [], "writeConcernErrors": [SHUTDOWN]}),
        _wrapped(WriteConcernError("Replication is being shut down", 91, SHUTDOWN)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unavailable_database(error: Exception) -> None:
    assert is_store_failure(error)


@pytest.mark.parametrize(
    "error",
    [
        DuplicateKeyError("duplicate", 11000),
        OperationFailure("unknown operator", 2),
        BulkWriteError({"writeErrors": [{"code": 14}], "writeConcernErrors": []}),
        OperationError("Update failed"),
        _wrapped(OperationFailure("unknown operator", 2)),
        ValueError("91"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_wrong_request(error: Exception) -> None:
    assert not is_store_failure(error)
