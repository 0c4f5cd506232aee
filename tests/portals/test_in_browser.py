"""Both portals in a real browser: scripts under Trusted Types, and links from other sites under a Strict cookie."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.portals.fake_gateway import FakeGateway

pytestmark = pytest.mark.browser


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Serve an app on a port of its own, which is returned."""
    servers = []

    def start(app: Flask, host: str = "127.0.0.1") -> int:
        servers.append(make_server(host, 0, app, threaded=True))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1].server_port

    yield start
    for each in servers:
        each.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh browser profile."""
    with browser.new_context() as context:
        yield context.new_page()


def sign_in(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("tradepost-demo")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").first.wait_for()


def test_suggestions_work_under_trusted_types(customer_app: Flask, gateway: FakeGateway, serve, page: Page):
    gateway.shop.add_product("BOLT-M8")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, f"http://127.0.0.1:{serve(customer_app)}", "buyer@acme.example")

    page.locator("#search-text").press_sequentially("bolt")
    page.locator("[role=option]").first.wait_for()
    assert "£2.55 · 100 in stock" in page.locator("[role=option]").first.inner_text()
    page.locator("#search-text").press("ArrowDown")
    page.locator("#search-text").press("Enter")
    page.wait_for_url("**/products/BOLT-M8")

    assert complaints == []


def test_markup_from_text_is_blocked(admin_app: Flask, serve, page: Page):
    sign_in(page, f"http://127.0.0.1:{serve(admin_app)}/admin", "admin@tradepost.example")

    blocked = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>' } catch (error) { return error.name } }"
    )

    assert blocked == "TypeError"


def test_a_link_from_another_site_opens_the_page_for_who_is_signed_in(admin_app: Flask, serve, page: Page):
    admin = f"http://127.0.0.1:{serve(admin_app)}/admin"
    mail = Flask("mail")
    mail.add_url_rule("/", view_func=lambda: f'<a href="{admin}/orders?status=shipped">Orders</a>')
    sign_in(page, admin, "admin@tradepost.example")

    page.goto(f"http://localhost:{serve(mail, 'localhost')}/")
    page.get_by_text("Orders").click()
    page.get_by_role("heading", name="Orders", level=1).wait_for()

    assert page.url == f"{admin}/orders?status=shipped"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_the_summary_of_faults_takes_the_focus(admin_app: Flask, serve, browser: Browser, has_scripts: bool):
    with browser.new_context(java_script_enabled=has_scripts) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{serve(admin_app)}/admin/sign-in")

        page.get_by_role("button", name="Sign in").click()

        page.locator("#error-summary:focus").wait_for()
        assert page.title() == "Error: Sign in · Tradepost"
        page.get_by_role("link", name="Enter your password.").click()
        page.locator("#field-password:focus").wait_for()
