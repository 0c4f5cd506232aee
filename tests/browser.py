"""The real browser of a test run: one for all tests, since Playwright's synchronous API runs once in a thread."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = "The tests in a browser need Chromium: install `chromium`, or name one in BROWSER."


def find_browser() -> str | None:
    """Return the path of Chromium on this machine, or what BROWSER names."""
    return os.environ.get("BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine (or BROWSER); Playwright's own download is never used."""
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if not path:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
