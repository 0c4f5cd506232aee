"""The pages that Lighthouse looks at, and the Chromium that shows them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser import ARGUMENTS
from tests.fuzz.things import Things, make_things
from tools.demo.people import ADMIN, BUYER, PASSWORD
from tools.ports import free_port
from tools.replay.api import Api
from tools.replay.identity import SignedIn


@dataclass(frozen=True)
class Addresses:
    """Where the gateway and the two portals answer."""

    gateway: str
    customer: str
    admin: str


def public_pages(at: Addresses) -> list[str]:
    """Return the pages of people who have not signed in."""
    return [f"{at.customer}/sign-in", f"{at.admin}/sign-in"]


def pages_behind_the_sign_in(at: Addresses, things: Things) -> list[str]:
    """Return the pages of a buyer and of the merchant: lists, forms and one order."""
    buyers = ("/catalog", f"/products/{things.sku}", "/cart", "/orders", f"/orders/{things.order_id}")
    merchants = ("/products", "/orders", f"/orders/{things.order_id}")
    return [f"{at.customer}{path}" for path in buyers] + [f"{at.admin}{path}" for path in merchants]


def make_order(at: Addresses) -> Things:
    """Import a product and order it, so that the pages of both have something to show."""
    api = Api(at.gateway)
    try:
        return make_things(api, SignedIn(api, ADMIN, PASSWORD), SignedIn(api, BUYER, PASSWORD))
    finally:
        api.close()


@contextlib.contextmanager
def chromium(path: str) -> Iterator[tuple[BrowserContext, int]]:
    """Run Chromium with a profile of its own; yield it and the port at which Lighthouse drives it."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tradepost-lighthouse-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=path,
            args=[*ARGUMENTS, f"--remote-debugging-port={port}"],
            env={**os.environ, "HOME": profile},
        )
        with contextlib.closing(context):
            yield context, port


def sign_in(context: BrowserContext, address: str, email: str) -> None:
    """Sign a person of the demo in to one portal, in a page that is closed again."""
    with contextlib.closing(context.new_page()) as page:
        page.goto(f"{address}/sign-in")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").first.wait_for()
