"""Which errors of the driver mean that the database is unavailable at the moment."""

from __future__ import annotations

from mongoengine.errors import OperationError
from pymongo.errors import ConnectionFailure, ExecutionTimeout, OperationFailure

# "Retryable Writes" of MongoDB's driver specifications lists these as errors of a node that stops, was stopped, or is
# no primary: HostUnreachable, HostNotFound, NetworkTimeout, ShutdownInProgress, PrimarySteppedDown,
# ExceededTimeLimit, SocketException, NotWritablePrimary, InterruptedAtShutdown, InterruptedDueToReplStateChange,
# NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary.
UNAVAILABLE_CODES = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})


def is_store_failure(error: BaseException | None) -> bool:
    """
    Return whether an error says that the database is unavailable, so that the same call may succeed later.

    The driver reports network errors, timeouts, a lost primary and an election as ConnectionFailure; a write that a
    stopping node has not replicated as an OperationFailure; and mongoengine raises its own error in place of that one.
    """
    if isinstance(error, OperationError):
        return is_store_failure(error.__cause__ or error.__context__)
    if isinstance(error, OperationFailure) and not isinstance(error, ExecutionTimeout):
        return not UNAVAILABLE_CODES.isdisjoint(_codes(error))
    return isinstance(error, ConnectionFailure | ExecutionTimeout)


def _codes(error: OperationFailure) -> set[int]:
    """Return the codes of an error; a bulk write has one for each write concern that was not met."""
    unmet = (error.details or {}).get("writeConcernErrors", ())
    return {code for code in (error.code, *(each.get("code") for each in unmet)) if code is not None}
