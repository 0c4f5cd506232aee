"""Refusals of the search service."""

from __future__ import annotations

from shared.base.errors import Unavailable


class IndexNotReady(Unavailable):
    title = "The search index is being built"


class IndexNotWritable(Unavailable):
    """Another worker holds the lock of the index, or its folder cannot be written."""

    title = "The search index cannot be written"
