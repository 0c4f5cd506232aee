"""Connections, each known by its alias."""

from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

def connect(db: str | None = None, alias: str = "default", **options: Any) -> MongoClient[dict[str, Any]]: ...
def disconnect(alias: str = "default") -> None: ...
def get_db(alias: str = "default", reconnect: bool = False) -> Database[dict[str, Any]]: ...
