"""The refusals of the image's tools."""

from __future__ import annotations


class ImageRefused(Exception):
    """The image cannot be built, checked or pushed; the text is one sentence with the reason and what to do."""
