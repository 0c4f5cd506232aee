"""Forms that never finish arriving: given up after a time that fits their size, or sixteen of them hold a portal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from shared.web.slow_clients import seconds_for, watch

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Timed:
    """The body of one request; what is read of it after its time is over looks cut off."""

    def __init__(self, stream: Any, connection: Any, seconds: float) -> None:
        self._stream = stream
        self._connection = connection
        self._due_at = time.monotonic() + seconds

    def read(self, size: int = -1) -> bytes:
        with watch.within(self._connection, self._due_at - time.monotonic()):
            return bytes(self._stream.read(size))


class TimedBodies:
    """WSGI middleware: gives each body the time of `seconds_for` its size, of the largest one where it names none."""

    def __init__(
        self, app: WSGIApplication, *, largest: int, seconds_for: Callable[[int], float] = seconds_for
    ) -> None:
        self._app = app
        self._largest = largest
        self._seconds_for = seconds_for

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connection = environ.get("gunicorn.socket")
        if connection is not None:
            announced = environ.get("CONTENT_LENGTH") or ""
            length = int(announced) if announced.isascii() and announced.isdigit() else self._largest
            seconds = self._seconds_for(min(length, self._largest))
            environ["wsgi.input"] = _Timed(environ["wsgi.input"], connection, seconds)
        return self._app(environ, start_response)
