"""Settings of the card processor's double, read from the environment once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PREFIX = "/psp-sandbox"
REQUIRED = ("PSP_API_KEY", "PSP_WEBHOOK_SECRET", "PSP_WEBHOOK_URL", "PSP_STATE_DIR", "PUBLIC_PSP_URL")


class MissingSettings(RuntimeError):
    """One or more required variables are not set; the message names them all."""


@dataclass(frozen=True)
class SandboxSettings:
    """
    What the sandbox needs to run.

    `public_url` is the origin a browser reaches, without the prefix. Real processors announce an event about a
    second after they answered, so `webhook_delay_seconds` does too.
    """

    api_key: str
    webhook_secret: str
    webhook_url: str
    state_dir: Path
    public_url: str
    webhook_delay_seconds: float = 1.0

    @classmethod
    def from_env(cls) -> SandboxSettings:
        """Read the environment; raises MissingSettings that lists every name not set."""
        missing = [name for name in REQUIRED if not os.environ.get(name)]
        if missing:
            raise MissingSettings(f"The PSP sandbox needs {', '.join(missing)}")
        return cls(
            api_key=os.environ["PSP_API_KEY"],
            webhook_secret=os.environ["PSP_WEBHOOK_SECRET"],
            webhook_url=os.environ["PSP_WEBHOOK_URL"],
            state_dir=Path(os.environ["PSP_STATE_DIR"]),
            public_url=os.environ["PUBLIC_PSP_URL"].rstrip("/").removesuffix(PREFIX),
            webhook_delay_seconds=float(os.environ.get("PSP_WEBHOOK_DELAY_SECONDS", "1")),
        )
