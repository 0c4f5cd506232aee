"""Moto's server as a process of the platform: it creates what there is in AWS, then serves, and carries the mail."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

from moto.core.model_instances import reset_model_data
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

from services.notifications.clients.mailbox import MaildirMailer
from shared.events.worker import heartbeat
from tools.aws import addresses
from tools.aws.mail_forwarder import MailForwarder
from tools.aws.resources import make_resources

COLLECT_SECONDS = 0.25


def main() -> None:
    """Serve at AWS_ENDPOINT_URL until SIGTERM; the heartbeat begins once everything is there."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    address = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    server = ThreadedMotoServer(ip_address=addresses.HOST, port=address.port or 0, verbose=False)
    server.start()
    mailbox = Path(os.environ["MAILBOX_DIR"])
    make_resources(os.environ["TRADEPOST_ENV"], mailbox.with_name("moto-key.json"))
    forwarder = MailForwarder(MaildirMailer(mailbox), addresses.REGION)
    while not stopping.is_set():
        heartbeat()
        forwarder.forward()
        _forget()
        stopping.wait(COLLECT_SECONDS)


def _forget() -> None:
    """Drop what moto keeps for its own dashboard only; every message would stay in memory otherwise."""
    reset_model_data()
    for topic in list(sns_backends[addresses.ACCOUNT][addresses.REGION].topics.values()):
        topic.sent_notifications.clear()
