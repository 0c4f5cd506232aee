"""Turns refusals, outages and crashes into pages that say what happened and what to do next."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from shared.base.errors import Problem
from shared.calls.service_client import UpstreamRefused
from shared.observe.observability import current_request_id, get_logger
from shared.portal.csrf import is_from_own_page
from shared.portal.drafts import SENDER, keep_draft
from shared.portal.navigation import here, page_of_form
from shared.portal.reading import is_read
from shared.portal.tokens import SignInNeeded

log = get_logger()

WORDS = {
    400: ("We could not read that request", "Go back and try again."),
    403: ("You may not do this", "Your role does not allow it. Ask your administrator if you need it."),
    404: ("Page not found", "There is nothing at this address, or it is not yours to see."),
    405: ("Page not found", "This address only takes forms. Go back and use the button on the page."),
    408: ("That took too long to arrive", "Check your connection, then send it again."),
    409: ("That no longer fits", "It was changed in the meantime. Go back, reload and try again."),
    413: ("That file is too large", "Send a smaller file, or split it."),
    414: ("That address is too long", "Shorten it, or search for less at once."),
    422: ("Some of this is not valid", "Go back and correct what you entered."),
    429: ("Too many requests", "Wait a moment, then try again."),
    431: ("Your browser sent too much", "Delete the cookies of this site, then try again."),
    503: ("We are briefly unavailable", "Nothing was lost. Try again in a moment."),
}
CRASH = (
    "Something went wrong on our side",
    "It has been logged. Try again; if it happens again, send us this reference.",
)


def register_error_pages(app: Flask) -> None:
    app.register_error_handler(SignInNeeded, _sign_in)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(UpstreamRefused, _refused)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(RedisError, _session_store_away)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def error_page(status: int, detail: str = "", *, retry_after: str | None = None) -> ResponseReturnValue:
    """Return the page for `status`; `detail` is the gateway's own sentence, where it has one."""
    fallback = WORDS[400] if 400 <= status < 500 or status == 501 else CRASH
    title, advice = WORDS.get(status, fallback)
    page = render_template(
        "errors/error.html",
        title=title,
        advice=advice,
        detail=detail,
        status=status,
        request_id=current_request_id(),
        can_retry=status in {429, 503} and is_read(),
        sent_from=None if is_read() else page_of_form(),
    )
    return page, status, {"Retry-After": retry_after} if retry_after else {}


def _sign_in(_: Exception) -> ResponseReturnValue:
    """Lead to the sign-in; what this person was doing waits in the session for the same person only."""
    viewer = session.pop("viewer", None)
    if viewer:
        session["left_by"] = viewer["id"]
    if request.endpoint and not is_read():
        keep_draft()
        flash("Your session has ended, so nothing was sent. Sign in again to go on where you were.", "warn")
    return redirect(url_for("sign_in.sign_in", next=here()))


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    log.info("form_refused", reason=error.description)
    page = page_of_form() if is_from_own_page() and session.get("viewer") else None
    if page:
        return _shown_again(page)
    detail = "This form is no longer valid, or was not sent from our own page. Reload the page and send it again."
    return error_page(400, detail)


def _shown_again(page: str) -> ResponseReturnValue:
    """Lead back to the page whose form is of an earlier sign-in, such as one that another tab ended."""
    if request.form.get(SENDER) == session["viewer"]["id"]:
        keep_draft()
        flash("You signed in again since this page was opened, so nothing was sent. Check it, then send it.", "warn")
    else:
        flash("This page was opened by another person, so nothing was sent. Check it before you send it.", "warn")
    return redirect(page)


def _refused(refusal: UpstreamRefused) -> ResponseReturnValue:
    if refusal.status == 401:
        return _sign_in(refusal)
    if "cursor" in request.args and any(error.pointer == "/cursor" for error in refusal.errors):
        return _first_page()
    retry_after = refusal.headers.get("Retry-After")
    return error_page(refusal.status, refusal.detail, retry_after=retry_after)


def _first_page() -> ResponseReturnValue:
    """Lead from a cursor that the list does not know, such as one in an old bookmark, to the list's first page."""
    flash("That page of the list is no longer there. This is the first page.", "warn")
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    address = request.script_root + request.path
    return redirect(f"{address}?{urlencode(kept)}" if kept else address)


def _problem(problem: Problem) -> ResponseReturnValue:
    log.warning("page_unavailable", status=problem.status, reason=getattr(problem, "reason", problem.detail))
    return error_page(problem.status, retry_after=problem.headers.get("Retry-After"))


def _session_store_away(failure: Exception) -> ResponseReturnValue:
    log.error("session_store_failed", failure=type(failure).__name__)
    return error_page(503, retry_after="2")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and error.code < 400:
        return error
    response = make_response(error_page(error.code or 500))
    if "Allow" in error.get_response().headers:
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _crash(crash: Exception) -> ResponseReturnValue:
    # The rule, not the address: an invitation's token stands in one.
    log.error("page_crashed", route=request.url_rule.rule if request.url_rule else "unmatched", exc_info=crash)
    return error_page(500)
