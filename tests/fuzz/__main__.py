"""
`make fuzz`: send requests made from the OpenAPI document as three people, and fail at the first kind of 5xx answer.

For each person two runs: one with every limit of the document crossed, with made-up ids, and one of random bodies
against things that exist. The seed is fixed; Schemathesis prints each failing request as a curl command.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.addresses import address_of
from tests.fuzz.things import Things, make_things
from tools.demo.people import ADMIN, BUYER, PASSWORD, REP
from tools.replay.api import Api
from tools.replay.identity import SignedIn

SEED = 20_261_128
# Per operation; a run of one person takes about twenty seconds with these.
EXAMPLES = {"coverage": 10, "fuzzing": 20}
TIMEOUT_SECONDS = 15
WORKERS = 2
MOST_SECONDS = 300
# Its requests would end the session that all others use.
LEFT_OUT = "/api/v1/auth/logout"
PEOPLE = (ADMIN, REP, BUYER)


def main() -> int:
    """Run all of it; return 1 when an answer was a 5xx."""
    gateway = address_of("gateway")
    api = Api(gateway)
    try:
        people = {email: SignedIn(api, email, PASSWORD) for email in PEOPLE}
        things = make_things(api, people[ADMIN], people[BUYER])
        outcomes = [
            _run(gateway, email, people[email].token(), phase, things) for email in PEOPLE for phase in EXAMPLES
        ]
    finally:
        api.close()
    return int(any(outcomes))


def _run(gateway: str, email: str, token: str, phase: str, things: Things) -> int:
    """Return the exit status of one run of Schemathesis."""
    sys.stdout.write(f"\n== {email}, {phase}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="tradepost-fuzz-") as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(things.as_toml() if phase == "fuzzing" else "")
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(config)),
            "run",
            f"{gateway}/docs/openapi.json",
            *("--header", f"Authorization: Bearer {token}"),
            *("--checks", "not_a_server_error"),
            *("--seed", str(SEED)),
            *("--max-examples", str(EXAMPLES[phase])),
            *("--phases", phase),
            *("--request-timeout", str(TIMEOUT_SECONDS)),
            *("--workers", str(WORKERS)),
            *("--exclude-path", LEFT_OUT),
            *("--warnings", "off"),
            "--continue-on-failure",
            "--no-shrink",
        ]
        return subprocess.run(command, cwd=folder, check=False, timeout=MOST_SECONDS).returncode


if __name__ == "__main__":
    sys.exit(main())
