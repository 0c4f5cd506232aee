"""Refusals of the search service."""

from __future__ import annotations

from shared.base.errors import Unavailable


class IndexNotReady(Unavailable):
    title = "The search index is being built"
    meaning = "The search index is being built, for example after an update."
    advice = "Wait for the seconds in Retry-After, and search again; products can be read and ordered meanwhile."


class IndexNotWritable(Unavailable):
    """Another worker holds the lock of the index, or its folder cannot be written."""

    title = "The search index cannot be written"
    meaning = "The search index is written by another process, or its folder cannot be written."
    advice = "Ask the operator to look at the log of the search worker."
