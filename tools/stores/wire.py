"""One command to a store over a bare socket: no driver, so no threads, because the supervisor forks afterwards."""

from __future__ import annotations

import socket
import struct
from typing import Any

import bson

HOST = "127.0.0.1"
OP_MSG = 2013
HEADER = struct.Struct("<iiii")


def ask_mongod(port: int, command: dict[str, Any], *, timeout: float = 2.0) -> dict[str, Any]:
    """Return mongod's answer to an admin command; raise OSError when it does not answer."""
    body = bson.encode(command | {"$db": "admin"})
    message = struct.pack("<I", 0) + b"\x00" + body
    with socket.create_connection((HOST, port), timeout) as connection:
        connection.sendall(HEADER.pack(HEADER.size + len(message), 1, 0, OP_MSG) + message)
        length = HEADER.unpack(_read(connection, HEADER.size))[0]
        answer = _read(connection, length - HEADER.size)
    return bson.decode(answer[5:])


def ask_redis(port: int, *words: str, password: str = "", timeout: float = 2.0) -> list[str]:
    """Return the lines of Redis' answer (`+PONG`, `-LOADING …`); raise OSError when it does not answer."""
    with socket.create_connection((HOST, port), timeout) as connection:
        if password:
            connection.sendall(f"AUTH {password}\r\n".encode())
            refusal = connection.recv(4096).decode().splitlines()
            if refusal != ["+OK"]:
                return refusal
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.recv(4096).decode().splitlines()


def _read(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            raise ConnectionResetError("mongod closed the connection in the middle of an answer")
        received += piece
    return received
