"""No process on a laptop imports the AWS SDK or moto."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

PROGRAM = """
import json, sys
from importlib import import_module
import_module("services.notifications.app").create_app()
import_module("services.products.app").create_app()
import_module("shared.events.jobs")
import_module("shared.events.broker").open_broker("redis", {redis_url!r})
print(json.dumps(sorted({{"boto3", "botocore", "moto"}} & set(sys.modules))))
"""


def test_no_local_process_imports_the_aws_sdk(
    redis_url: str, mongodb_url: Callable[[str], str], key_file: str, tmp_path: os.PathLike[str]
):
    environment = os.environ | {
        "REDIS_URL": redis_url,
        "MONGODB_URI": mongodb_url("imports"),
        "KEY_FILE": key_file,
        "MAILBOX_DIR": str(tmp_path),
        "STORAGE_DIR": str(tmp_path),
        "PUBLIC_CUSTOMER_URL": "http://127.0.0.1:8081",
        "TRADEPOST_ENV": "test",
    }
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(redis_url=redis_url)], env=environment, capture_output=True, check=False
    )
    assert json.loads(ended.stdout.splitlines()[-1]) == [], ended.stderr
