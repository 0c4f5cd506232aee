"""
`make fuzz`: send requests made from the OpenAPI document as three people; fail when an answer is not documented.

For each person two runs: one with every limit of the document crossed, with made-up ids, and one of random bodies
against things that exist. The seed is fixed unless SEED is given; Schemathesis prints each failing request as a curl
command. It reads the document without its `default` answers and with closed answers, so that each status and each
member must be listed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import orjson

from tests.addresses import address_of
from tests.documents import closed
from tests.fuzz.things import Things, make_things
from tools.demo.people import ADMIN, BUYER, PASSWORD, REP
from tools.replay.api import Api
from tools.replay.identity import SignedIn

SEED = int(os.environ.get("SEED") or 20_261_128)
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# Per operation; a run of one person takes about twenty seconds with these.
EXAMPLES = {"coverage": 10, "fuzzing": 20}
TIMEOUT_SECONDS = 15
WORKERS = 2
MOST_SECONDS = 300
# Its requests would end the session that all others use.
LEFT_OUT = "/api/v1/auth/logout"
PEOPLE = (ADMIN, REP, BUYER)


def main() -> int:
    """Run all of it; return 1 when an answer was a 5xx or is not documented."""
    gateway = address_of("gateway")
    document = _document(gateway)
    api = Api(gateway)
    try:
        people = {email: SignedIn(api, email, PASSWORD) for email in PEOPLE}
        things = make_things(api, people[ADMIN], people[BUYER])
        outcomes = [
            _run(gateway, document, email, people[email].token(), phase, things)
            for email in PEOPLE
            for phase in EXAMPLES
        ]
    finally:
        api.close()
    return int(any(outcomes))


def _run(gateway: str, document: bytes, email: str, token: str, phase: str, things: Things) -> int:
    """Return the exit status of one run of Schemathesis."""
    sys.stdout.write(f"\n== {email}, {phase}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="tradepost-fuzz-") as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(things.as_toml() if phase == "fuzzing" else "")
        described = Path(folder) / "openapi.json"
        described.write_bytes(document)
        command = [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(config)),
            "run",
            str(described),
            *("--url", gateway),
            *("--header", f"Authorization: Bearer {token}"),
            *("--checks", ",".join(CHECKS)),
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


def _document(gateway: str) -> bytes:
    """Return the published document without answers that stand for any status, and with closed answers."""
    with urllib.request.urlopen(f"{gateway}/docs/openapi.json", timeout=TIMEOUT_SECONDS) as answer:
        document = closed(orjson.loads(answer.read()))
    for operations in document["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation.get("responses", {}).pop("default", None)
    return orjson.dumps(document)


if __name__ == "__main__":
    sys.exit(main())
