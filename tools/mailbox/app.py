"""The mailbox page: lists mails, shows one, and keeps their HTML out of its own origin."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, abort, current_app, jsonify, render_template, request

from shared.base.numbers import read_digits
from tools.mailbox.maildir import Mail, MailFolder

PAGE_SIZE = 50
MOST_PER_LIST = 500
OWN_PAGES = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
# The sandbox directive gives the mail an origin of its own even when it is opened outside its frame.
MAIL_PAGES = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline';"
    " frame-ancestors 'self'"
)


def create_app(mailbox_dir: str | None = None) -> Flask:
    """Build the application; MAILBOX_DIR names the Maildir, which need not exist yet."""
    app = Flask(__name__, static_url_path="/static")
    app.extensions["mail_folder"] = MailFolder(Path(mailbox_dir or os.environ["MAILBOX_DIR"]))
    app.add_url_rule("/", view_func=list_page)
    app.add_url_rule("/messages/<mail_id>", view_func=mail_page)
    app.add_url_rule("/messages/<mail_id>/html", view_func=mail_html)
    app.add_url_rule("/messages.json", view_func=list_json)
    for path in ("/health", "/health/live", "/health/ready"):
        app.add_url_rule(path, endpoint=path, view_func=health)
    app.register_error_handler(404, lambda _: (render_template("missing.html"), 404))
    app.after_request(_harden)
    return app


def list_page() -> str:
    """Mails, newest first, fifty a page."""
    start, to = _number("start", 0), request.args.get("to", "").strip()
    page = _folder().page(to=to, start=start, limit=PAGE_SIZE)
    older = start + PAGE_SIZE if start + PAGE_SIZE < page.total else None
    newer = max(0, start - PAGE_SIZE) if start else None
    return render_template("list.html", mails=page.mails, total=page.total, to=to, older=older, newer=newer)


def mail_page(mail_id: str) -> str:
    """One mail: its headers, its text, and its HTML in a frame that can neither run scripts nor reach us."""
    return render_template("mail.html", mail=_get(mail_id))


def mail_html(mail_id: str) -> Response:
    """The HTML part as it is, under a policy that takes away its origin."""
    response = Response(_get(mail_id).html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = MAIL_PAGES
    return response


def list_json() -> Response:
    """`{"items", "total"}` for tests: `limit` at most 500 (default 50), `start`, `to`."""
    limit = min(_number("limit", PAGE_SIZE), MOST_PER_LIST)
    page = _folder().page(to=request.args.get("to", ""), start=_number("start", 0), limit=limit)
    return jsonify(items=[mail.to_json() for mail in page.mails], total=page.total)


def health() -> Response:
    """The page serves; an empty or absent mailbox is healthy."""
    return jsonify(status="ok")


def _folder() -> MailFolder:
    folder: MailFolder = current_app.extensions["mail_folder"]
    return folder


def _get(mail_id: str) -> Mail:
    mail = _folder().find(mail_id)
    if mail is None:
        abort(404)
    return mail


def _number(name: str, default: int) -> int:
    number = read_digits(request.args.get(name, ""))
    return default if number is None else number


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", OWN_PAGES)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
