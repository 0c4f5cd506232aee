"""Settings stored at AWS: an environment variable holds a reference, which is resolved once at the start."""

from __future__ import annotations

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from shared.base.aws import client


def resolve(reference: str) -> str:
    """
    Return the value of `ssm:/path` or `secretsmanager:name[#key]`; `key` is a member of a JSON secret.

    Raises ValueError whose message names the reference and never holds the value.
    """
    source, _, place = reference.partition(":")
    try:
        return _parameter(place) if source == "ssm" else _secret(place)
    except ClientError as refusal:
        raise ValueError(f"cannot be read from {reference}: {refusal.response['Error']['Code']}") from None
    except BotoCoreError as failure:
        raise ValueError(f"cannot be read from {reference}: {type(failure).__name__}") from None


def _parameter(path: str) -> str:
    answer = client("ssm").get_parameter(Name=path, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _secret(place: str) -> str:
    name, _, key = place.partition("#")
    value = client("secretsmanager").get_secret_value(SecretId=name).get("SecretString")
    if value is None:
        raise ValueError(f"cannot be read from secretsmanager:{name}: it is binary")
    return _member(value, name, key) if key else str(value)


def _member(text: str, name: str, key: str) -> str:
    try:
        value = orjson.loads(text)[key]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"cannot be read from secretsmanager:{name}: it is not a JSON object with {key!r}") from None
    if not isinstance(value, str):
        raise ValueError(f"cannot be read from secretsmanager:{name}: {key!r} is not a string")
    return value
