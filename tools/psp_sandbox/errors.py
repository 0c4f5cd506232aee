"""Refusals of the processor's API; each becomes `{"error": {"code", "message"}}`."""

from __future__ import annotations


class Refused(Exception):
    """A request the processor does not carry out; `status` is the HTTP status it answers."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, dict[str, str]]:
        """The JSON body of the answer."""
        return {"error": {"code": self.code, "message": self.message}}
