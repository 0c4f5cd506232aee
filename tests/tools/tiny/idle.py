"""A process without a port that only beats."""

from __future__ import annotations

import os
import time
from pathlib import Path


def main() -> None:
    while True:
        Path(os.environ["HEARTBEAT_FILE"]).touch()
        time.sleep(0.2)
