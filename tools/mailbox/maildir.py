"""Reading a Maildir: newest first, headers remembered, bodies as text; nothing is ever written."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Any

ID_PATTERN = re.compile(r"[A-Za-z0-9_=,-][A-Za-z0-9_.=,-]*")
REMEMBERED_MAILS = 20_000


@dataclass(frozen=True)
class Mail:
    """One mail; `text` and `html` are the decoded parts, empty when absent."""

    id: str
    message_id: str
    sender: str
    to: str
    subject: str
    date: str
    text: str
    html: str

    def to_json(self) -> dict[str, Any]:
        """The mail as `/messages.json` shows it."""
        return {"from": self.sender} | {name: value for name, value in vars(self).items() if name != "sender"}


@dataclass(frozen=True)
class Page:
    """Mails of one page, newest first; `total` counts all that match."""

    mails: list[Mail]
    total: int


class MailFolder:
    """A Maildir on this machine; one that does not exist yet is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def page(self, *, to: str = "", start: int = 0, limit: int = 50) -> Page:
        """Mails from the `start`-th newest on; `to` keeps those whose recipient contains it, whatever the case."""
        paths = self._newest_first()
        if to:
            paths = [path for path in paths if to.lower() in _recipient(path).lower()]
        return Page([_read(path) for path in paths[start : start + limit]], len(paths))

    def find(self, mail_id: str) -> Mail | None:
        """The mail of an id, or None."""
        if not ID_PATTERN.fullmatch(mail_id):
            return None
        fresh = self._root / "new" / mail_id
        seen = sorted((self._root / "cur").glob(f"{mail_id}:*")) if not fresh.is_file() else []
        path = fresh if fresh.is_file() else next(iter(seen), None)
        return _read(str(path)) if path else None

    def _newest_first(self) -> list[str]:
        found: list[tuple[int, str]] = []
        for folder in ("new", "cur"):
            try:
                with os.scandir(self._root / folder) as entries:
                    found += [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_file()]
            except FileNotFoundError:
                continue
        return [path for _, path in sorted(found, reverse=True)]


# A mail never changes once it is in `new`, so a parsed mail stays valid.
@lru_cache(maxsize=REMEMBERED_MAILS)
def _recipient(path: str) -> str:
    return _read(path).to


def _read(path: str) -> Mail:
    message = message_from_bytes(Path(path).read_bytes(), policy=policy.default)
    return Mail(
        id=Path(path).name.partition(":")[0],
        message_id=_header(message, "Message-ID"),
        sender=_header(message, "From"),
        to=_header(message, "To"),
        subject=_header(message, "Subject"),
        date=_header(message, "Date"),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
