"""The running platform's addresses and a real browser; the journeys start neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from tests.addresses import address_of

PICTURES = Path(__file__).parents[2] / "build" / "journey"
PATIENCE_MILLISECONDS = 20_000


@dataclass(frozen=True)
class Addresses:
    """Where the platform answers: CUSTOMER_URL and the like, else this host's ports shifted by PORT_OFFSET."""

    customer: str
    admin: str
    mailbox: str


@pytest.fixture(scope="session")
def addresses() -> Addresses:
    return Addresses(address_of("customer"), address_of("admin"), address_of("mailbox"))


class Person:
    """Somebody with a browser of their own; whatever the browser complains about is kept."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))

    def sign_in(self, address: str, email: str) -> None:
        self.page.goto(f"{address}/sign-in")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill("tradepost-demo")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").first.wait_for()

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def reload_until(self, text: str) -> None:
        """Look again and again, as a person would, until the page says `text`: what events bring takes a moment."""
        for _ in range(40):
            if text in self.page.inner_text("body"):
                return
            self.page.wait_for_timeout(500)
            with suppress(PlaywrightError):  # a page that follows its subject may be reloading itself at this moment
                self.page.reload()
        pytest.fail(f"{self.page.url} never said {text!r}; it says: {self.page.inner_text('body')[:2000]}")

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {text}")


@pytest.fixture
def make_person(browser: Browser) -> Iterator[type[Person]]:
    """Make somebody with a fresh browser: `make_person()`, `make_person(width=375)`, `make_person(scripts=False)`."""
    contexts: list[BrowserContext] = []

    def make(*, width: int = 1280, scripts: bool = True) -> Person:
        size = {"width": width, "height": 800}
        context = browser.new_context(viewport=size, java_script_enabled=scripts, locale="en-GB")  # type: ignore[arg-type]
        contexts.append(context)
        return Person(context)

    yield make  # type: ignore[misc]
    for context in contexts:
        context.close()
