"""What the gateway changes in the body of an upstream's answer."""

from __future__ import annotations

import orjson

from shared.calls.exchange import PROBLEM_TYPE, Response


def name_instance(response: Response, path: str) -> None:
    """Set the `instance` of a problem document to the public path of the request, as the client sent it."""
    if not response.content or not response.header("content-type").startswith(PROBLEM_TYPE):
        return
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return
    if isinstance(document, dict):
        response.content = orjson.dumps(document | {"instance": path})
        response.length = len(response.content)
