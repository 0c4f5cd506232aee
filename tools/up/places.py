"""Where a running platform keeps what it writes: all of it below one folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRIVATE = 0o700


@dataclass(frozen=True)
class Places:
    """The folders and files below `state`; `data` survives every stop, `run` only a run."""

    state: Path
    data_name: str = "data"

    @classmethod
    def from_env(cls) -> Places:
        """Return the places of this run; on AWS' double the data are others, encrypted under another key."""
        name = "data-moto" if os.environ.get("AWS") == "moto" else "data"
        return cls(Path(os.environ.get("TRADEPOST_STATE") or ROOT / ".tradepost").resolve(), name)

    @property
    def data(self) -> Path:
        return self.state / self.data_name

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def metrics(self) -> Path:
        return self.run / "metrics"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets.json"

    @property
    def signing_key(self) -> Path:
        return self.state / "signing-key.pem"

    @property
    def key_file(self) -> Path:
        """What encrypts the data at rest: without it they cannot be read again."""
        return self.state / "data-keys"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it runs: the lock shows whether the platform runs."""
        return self.state / "up.lock"

    @property
    def status(self) -> Path:
        return self.run / "status.json"

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def heartbeat_of(self, name: str) -> Path:
        return self.run / f"{name}.heartbeat"

    def make(self) -> None:
        """Make the folders; the first, which holds them all, is closed to other users of the machine."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(PRIVATE)
        for folder in (self.data, self.logs, self.run, self.metrics):
            folder.mkdir(parents=True, exist_ok=True)
