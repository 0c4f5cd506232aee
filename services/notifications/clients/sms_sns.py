"""The backend `sns` of text messages: sends SMS by Amazon SNS."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from services.notifications.clients.texter import checked_number
from services.notifications.config import NotificationsSettings
from services.notifications.errors import MailNotDelivered, MailNotSendable
from shared.base.aws import client

# What SNS says of a number it will never reach: not one, or its owner opted out.
FOR_EVER = {"InvalidParameter", "InvalidParameterValue", "OptedOut"}


class SnsTexter:
    """Sends transactional messages; a worker that dies between sending and noting it sends one twice."""

    def __init__(self, sender_id: str) -> None:
        self._attributes = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
            "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": sender_id},
        }

    def send(self, text_id: str, number: str, text: str) -> None:
        try:
            client("sns").publish(PhoneNumber=checked_number(number), Message=text, MessageAttributes=self._attributes)
        except ClientError as refusal:
            code = refusal.response["Error"]["Code"]
            if code in FOR_EVER:
                raise MailNotSendable(f"SNS refused the number: {code}") from refusal
            raise MailNotDelivered(f"SNS did not take the message: {code}") from refusal
        except BotoCoreError as failure:
            raise MailNotDelivered(f"SNS does not answer: {type(failure).__name__}") from failure


def build_texter(settings: NotificationsSettings) -> SnsTexter:
    return SnsTexter(settings.sms_sender_id)
