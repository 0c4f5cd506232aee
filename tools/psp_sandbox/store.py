"""Durable state in one sqlite file: sessions, tokens, charges, their movements, answers by key, webhooks."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, return_url TEXT NOT NULL, created_at TEXT NOT NULL, completed_at TEXT);
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL, decline_code TEXT, created_at TEXT NOT NULL, charge_id TEXT);
CREATE TABLE IF NOT EXISTS charges (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, status TEXT NOT NULL, decline_code TEXT,
    amount INTEGER NOT NULL, currency TEXT NOT NULL,
    captured_amount INTEGER NOT NULL DEFAULT 0, refunded_amount INTEGER NOT NULL DEFAULT 0,
    idempotency_key TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS charges_reference ON charges (reference);
CREATE INDEX IF NOT EXISTS charges_key ON charges (idempotency_key);
CREATE TABLE IF NOT EXISTS movements (
    id TEXT PRIMARY KEY, charge_id TEXT NOT NULL REFERENCES charges (id), kind TEXT NOT NULL,
    amount INTEGER NOT NULL, idempotency_key TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS movements_charge ON movements (charge_id);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
    copies INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, delivered_at TEXT);
CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due_at) WHERE delivered_at IS NULL;
"""


class Store:
    """
    One connection, one lock: sqlite has a single writer anyway, and a lock waits in order where
    its own busy handler sleeps and starves. A forked child opens a connection of its own.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "psp-sandbox.sqlite3"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside one write transaction: committed at the end, rolled back on any exception."""
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close the file; the next transaction opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._pid != os.getpid():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(SCHEMA)
            self._connection, self._pid = connection, os.getpid()
        return self._connection
