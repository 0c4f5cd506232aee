"""The key backend `kms`: AWS KMS creates and unwraps data keys; it never gets a value."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from shared.base.aws import client
from shared.base.errors import SettingsInvalid, Unavailable
from shared.base.settings import KeySettings
from shared.data.keys import CiphertextInvalid, DataKey

NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsKeys:
    """Data keys of one KMS key; the context is its encryption context, visible to policies and CloudTrail."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def new_data_key(self, context: Mapping[str, str]) -> DataKey:
        try:
            made = client("kms").generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=dict(context)
            )
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable("The key service does not answer") from failure
        return DataKey(made["Plaintext"], made["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        try:
            answer = client("kms").decrypt(KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext=dict(context))
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in NOT_OURS:
                raise CiphertextInvalid(
                    "The data key was changed, or wrapped for another service or purpose"
                ) from refusal
            raise Unavailable("The key service does not answer") from refusal
        except BotoCoreError as failure:
            raise Unavailable("The key service does not answer") from failure
        plain: bytes = answer["Plaintext"]
        return plain


def build_keys(settings: KeySettings) -> KmsKeys:
    if not settings.kms_key_id:
        raise SettingsInvalid("KeySettings: KMS_KEY_ID is missing (KEY_BACKEND is kms)")
    return KmsKeys(settings.kms_key_id)
