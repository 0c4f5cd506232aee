"""Signed webhooks (Standard Webhooks), sent by a background thread from the durable queue until answered 2xx."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import random
import sqlite3
import threading
import time
from typing import Any

import urllib3

from tools.psp_sandbox.config import SandboxSettings
from tools.psp_sandbox.ledger import new_id, now_text
from tools.psp_sandbox.store import Store

log = logging.getLogger(__name__)

BATCH = 50
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 60.0
IDLE_SECONDS = 0.5
TIMEOUT = urllib3.Timeout(connect=1.0, read=5.0)


def enqueue(
    connection: sqlite3.Connection, event: str, event_fields: dict[str, Any], *, delay: float, copies: int = 1
) -> str:
    """Add an event to the queue inside the caller's transaction, due after `delay` seconds; returns its id."""
    webhook_id = new_id("msg")
    body = json.dumps({"type": event, "timestamp": now_text(), "data": event_fields})
    connection.execute(
        "INSERT INTO webhooks (id, body, copies, due_at) VALUES (?, ?, ?, ?)",
        (webhook_id, body, copies, time.time() + delay),
    )
    return webhook_id


def signature_headers(secret: str, webhook_id: str, body: str) -> dict[str, str]:
    """The three headers of Standard Webhooks for `body`, stamped now."""
    timestamp = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{webhook_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "Content-Type": "application/json",
    }


class WebhookSender:
    """Delivers due webhooks in order; an unreachable receiver is left alone for a moment, not hammered."""

    def __init__(self, store: Store, settings: SandboxSettings) -> None:
        self._store = store
        self._settings = settings
        self._http = urllib3.PoolManager(num_pools=1, maxsize=4, timeout=TIMEOUT, retries=False)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._starting = threading.Lock()

    def ensure_running(self) -> None:
        """Start the thread if this process has none: a fork inherits our memory but not our threads."""
        if self._pid == os.getpid():
            return
        with self._starting:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop after the delivery in hand and close the connections."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._http.clear()

    def deliver(self, webhook_id: str) -> bool:
        """Try one webhook now and record the outcome; False when the receiver did not answer at all."""
        with self._store.transaction() as connection:
            row = connection.execute("SELECT * FROM webhooks WHERE id = ?", (webhook_id,)).fetchone()
        status = 0
        for _ in range(row["copies"]):
            status = self._post(row["id"], row["body"])
        with self._store.transaction() as connection:
            if 200 <= status < 300:
                connection.execute("UPDATE webhooks SET delivered_at = ? WHERE id = ?", (now_text(), webhook_id))
            else:
                connection.execute(
                    "UPDATE webhooks SET attempts = attempts + 1, due_at = ? WHERE id = ?",
                    (time.time() + _backoff(row["attempts"]), webhook_id),
                )
        return status != 0

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                sent = self._deliver_due()
            except sqlite3.Error:
                log.exception("webhook_queue_unavailable")
                sent = 0
            if not sent:
                self._stopping.wait(min(IDLE_SECONDS, self._settings.webhook_delay_seconds or 0.02))

    def _deliver_due(self) -> int:
        with self._store.transaction() as connection:
            rows = connection.execute(
                "SELECT id FROM webhooks WHERE delivered_at IS NULL AND due_at <= ? ORDER BY sequence LIMIT ?",
                (time.time(), BATCH),
            ).fetchall()
        for count, row in enumerate(rows):
            if self._stopping.is_set() or not self.deliver(row["id"]):
                return count
        return len(rows)

    def _post(self, webhook_id: str, body: str) -> int:
        headers = signature_headers(self._settings.webhook_secret, webhook_id, body)
        try:
            response = self._http.request("POST", self._settings.webhook_url, body=body.encode(), headers=headers)
        except urllib3.exceptions.HTTPError as failure:
            log.warning("webhook_not_delivered id=%s reason=%s", webhook_id, type(failure).__name__)
            return 0
        return response.status


def _backoff(attempts: int) -> float:
    doubled: float = FIRST_BACKOFF_SECONDS * 2 ** min(attempts, 10)
    longest = min(LONGEST_BACKOFF_SECONDS, doubled)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (jitter, not a secret)
