"""Everything the workloads find in AWS: topics and queues of the workers, the bucket, the key, the sender of mail."""

from __future__ import annotations

import base64
import json
import secrets
from importlib import import_module
from pathlib import Path

from moto.kms.models import kms_backends

from shared.base.aws import client
from shared.base.workloads import WORKLOADS, Kind
from shared.data.events import handlers_of
from shared.events.worker import publishers_of
from tools.aws import addresses
from tools.aws.topics import make_queue, make_topic, subscribe


def make_resources(environment: str, key_file: Path) -> None:
    """Create it all in an empty moto, which is the process at work; names, addresses and key are always the same."""
    client("s3").create_bucket(Bucket=addresses.bucket_of(environment))
    client("sesv2").create_configuration_set(ConfigurationSetName=addresses.CONFIGURATION_SET)
    client("sesv2").create_email_identity(EmailIdentity=addresses.SENDER)
    restore_key(key_file)
    make_events(environment)


def make_events(environment: str) -> None:
    """Create a topic and a queue per worker, and let into each queue the events that its service handles."""
    services = [each.package.rsplit(".", 1)[-1] for each in WORKLOADS if each.kind is Kind.WORKER]
    topics = {service: make_topic(addresses.topic_name(environment, service)) for service in services}
    for service in services:
        import_module(f"services.{service}.handlers")
        queue_url = make_queue(
            addresses.queue_name(environment, service),
            dead_letters=addresses.dead_letters_name(environment, service),
        )
        for publisher in publishers_of(service):
            events = [name for name in handlers_of(service) if name.startswith(f"{publisher}.")]
            subscribe(queue_url, topics[publisher], events)


def restore_key(key_file: Path) -> None:
    """
    Give moto's KMS the key of earlier runs, drawn once.

    KMS lets no caller choose a key's id or material; moto loses both when it ends, and the database still needs
    them.
    """
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(json.dumps({"material": base64.b64encode(secrets.token_bytes(32)).decode()}))
    backend = kms_backends[addresses.ACCOUNT][addresses.REGION]
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Tradepost's data", None)
    del backend.keys[key.id]
    key.id, key.arn = addresses.KEY_ID, addresses.KEY_ARN
    key.key_material = base64.b64decode(json.loads(key_file.read_text())["material"])
    backend.keys[key.id] = key
