"""Findings of `make package`: one sentence with the file, the field and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """A fault: `file` is relative to the repository, `field` a dotted path inside it, `advice` is what to do."""

    file: str
    field: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.advice}" if self.field else f"{self.file}: {self.advice}"
