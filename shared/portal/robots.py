"""What search engines may read of a portal: all but invitations; without a session each page leads to the sign-in."""

from __future__ import annotations

from flask import Flask, Response


def register_robots(app: Flask, prefix: str) -> None:
    """Serve `/robots.txt`, also at the root of a portal that lives below a prefix, where robots look for it."""
    text = f"User-agent: *\nDisallow: {prefix}/invitations/\n"
    app.add_url_rule("/robots.txt", "robots", lambda: Response(text, content_type="text/plain; charset=utf-8"))
