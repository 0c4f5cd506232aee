"""The installation's secrets in AWS Secrets Manager: tagged for Copilot, encrypted with our own key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from shared.base.aws import client


class SecretRefused(Exception):
    """A secret can be neither read nor created; the message gives the reason in one sentence."""


class Vault:
    """Secrets named `<application>/<environment>/<service>/<NAME>`, each made whole in a single call."""

    def __init__(self, application: str, environment: str, kms_key_id: str) -> None:
        self._prefix = f"{application}/{environment}"
        self._kms_key_id = kms_key_id
        # Copilot's execution role may read only what carries both.
        tags = {"copilot-application": application, "copilot-environment": environment}
        self._tags = [{"Key": key, "Value": value} for key, value in tags.items()]

    def keep(self, service: str, name: str, draw: Callable[[], str]) -> tuple[str, bool]:
        """Return the secret and whether it is new: one that is there is never drawn again."""
        known = self._find(service, name)
        if known is not None:
            return known, False
        value = draw()
        self._create(service, name, value)
        return value, True

    def put(self, service: str, name: str, value: str) -> bool:
        """Have the secret be `value`; return whether that changed anything."""
        known = self._find(service, name)
        if known is None:
            self._create(service, name, value)
        elif known != value:
            self._call("put_secret_value", SecretId=self._name(service, name), SecretString=value)
        return known != value

    def _name(self, service: str, name: str) -> str:
        return f"{self._prefix}/{service}/{name}"

    def _find(self, service: str, name: str) -> str | None:
        try:
            found = self._call("get_secret_value", SecretId=self._name(service, name))
        except ClientError as fault:
            if fault.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return None
        return str(found["SecretString"])

    def _create(self, service: str, name: str, value: str) -> None:
        # Were another bootstrap faster, this fails, and the next run takes what is there.
        self._call(
            "create_secret",
            Name=self._name(service, name),
            SecretString=value,
            KmsKeyId=self._kms_key_id,
            Tags=self._tags,
        )

    def _call(self, action: str, **given: Any) -> dict[str, Any]:
        name = given.get("Name") or given.get("SecretId")
        try:
            answer: dict[str, Any] = getattr(client("secretsmanager"), action)(**given)
        except ClientError as fault:
            code = fault.response["Error"]["Code"]
            if code == "ResourceNotFoundException" and action == "get_secret_value":
                raise
            raise SecretRefused(
                f"The secret {name} is refused ({code}): {fault.response['Error']['Message']}"
            ) from fault
        return answer
