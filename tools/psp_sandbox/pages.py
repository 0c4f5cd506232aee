"""The hosted card page and the sandbox's own front page."""

from __future__ import annotations

import sqlite3
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from tools.psp_sandbox import ledger
from tools.psp_sandbox.cards import TEST_CARDS, TestCard, read_card
from tools.psp_sandbox.config import PREFIX
from tools.psp_sandbox.state import state

blueprint = Blueprint(
    "pages", __name__, url_prefix=PREFIX, template_folder="templates", static_folder="static", static_url_path="/static"
)


@blueprint.get("", strict_slashes=False)
def front_page() -> Response:
    """Test cards and the ledger, the sandbox's own page."""
    with state().store.transaction() as connection:
        balance, charges = (
            ledger.balance(connection),
            ledger.find_charges(connection, limit=20),
        )
    return _page(
        render_template("front.html", cards=TEST_CARDS, balance=balance, charges=charges), form_targets="'none'"
    )


@blueprint.get("/pay/<session_id>")
def card_page(session_id: str) -> Response:
    """The form of one session."""
    with state().store.transaction() as connection:
        session = _find_open_session(connection, session_id)
    return _form(session, {}, 200) if session else _closed(session_id)


@blueprint.post("/pay/<session_id>")
def submit_card(session_id: str) -> BaseResponse:
    """Turn a card into a token and go back to the merchant; the number is looked at and forgotten."""
    form = read_card(request.form)
    with state().store.transaction() as connection:
        session = _find_open_session(connection, session_id)
        if session is not None and form.card is not None:
            token = _complete(connection, session_id, form.card)
            return redirect(_with_token(session["return_url"], token), code=303)
    return _closed(session_id) if session is None else _form(session, form.errors, 422)


def _find_open_session(connection: sqlite3.Connection, session_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT id, return_url FROM sessions WHERE id = ? AND completed_at IS NULL", (session_id,)
    ).fetchone()
    return row


def _complete(connection: sqlite3.Connection, session_id: str, card: TestCard) -> str:
    token, now = ledger.new_id("tok"), ledger.now_text()
    connection.execute(
        "INSERT INTO tokens (id, session_id, decline_code, created_at) VALUES (?, ?, ?, ?)",
        (token, session_id, card.decline_code, now),
    )
    connection.execute("UPDATE sessions SET completed_at = ? WHERE id = ?", (now, session_id))
    return token


def _with_token(return_url: str, token: str) -> str:
    parts = urlsplit(return_url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("token", token)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _form(session: sqlite3.Row, errors: dict[str, str], status: int) -> Response:
    target = urlsplit(session["return_url"])
    html = render_template(
        "card.html", cards=TEST_CARDS, errors=errors, merchant=target.netloc, return_url=session["return_url"]
    )
    # Browsers apply form-action to the redirect that follows the form as well.
    return _page(html, status, form_targets=f"'self' {target.scheme}://{target.netloc}")


def _closed(session_id: str) -> Response:
    """The page of a session that is over, with the way back to the shop if the session is known."""
    with state().store.transaction() as connection:
        known = connection.execute("SELECT return_url FROM sessions WHERE id = ?", (session_id,)).fetchone()
    return_url = known["return_url"] if known else ""
    return _page(render_template("closed.html", return_url=return_url), 410, form_targets="'none'")


def _page(html: str, status: int = 200, *, form_targets: str) -> Response:
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action {form_targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
