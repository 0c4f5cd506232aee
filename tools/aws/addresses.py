"""The variables that workloads get under moto: its address, and the names of what Copilot would have created."""

from __future__ import annotations

import json

HOST = "127.0.0.1"
MOTO_PORT = 8085
REGION = "us-east-1"
ACCOUNT = "123456789012"
# Always the same, for what is encrypted in the database outlives moto.
KEY_ID = "5f0c1f4e-6c1d-4b0e-9d0a-7261646570ff"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
CONFIGURATION_SET = "tradepost"
SENDER = "orders@tradepost.example"


def bucket_of(environment: str) -> str:
    return f"tradepost-{environment}-documents"


def topic_name(environment: str, service: str) -> str:
    """Return the name that Copilot gives the topic `events` of a service's worker."""
    return f"tradepost-{environment}-{service}-worker-events"


def queue_name(environment: str, service: str) -> str:
    """Return the name of the queue of a service's worker; CloudFormation adds letters of its own to it."""
    return f"tradepost-{environment}-{service}-worker-EventsQueue"


def dead_letters_name(environment: str, service: str) -> str:
    return f"tradepost-{environment}-{service}-worker-DeadLetterQueue"


def sdk_environment(port: int) -> dict[str, str]:
    """Return what leads boto3 to moto on `port`, with credentials that open nothing elsewhere."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "moto",
        "AWS_SECRET_ACCESS_KEY": "moto",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def backend_environment(environment: str) -> dict[str, str]:
    """Return which adapters every workload chooses, and what they need."""
    return {
        "EVENT_BROKER": "sns",
        "STORAGE_BACKEND": "s3",
        "STORAGE_BUCKET": bucket_of(environment),
        "EMAIL_BACKEND": "ses",
        "EMAIL_CONFIGURATION_SET": CONFIGURATION_SET,
        "SMS_BACKEND": "sns",
        "KEY_BACKEND": "kms",
        "KMS_KEY_ID": KEY_ARN,
    }


def worker_environment(environment: str, service: str, port: int) -> dict[str, str]:
    """Return the variables that Copilot sets for a service's worker: its topic and its queue."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic_name(environment, service)}"
    return {
        "COPILOT_SNS_TOPIC_ARNS": json.dumps({"events": topic}),
        "COPILOT_QUEUE_URI": f"http://{HOST}:{port}/{ACCOUNT}/{queue_name(environment, service)}",
    }
