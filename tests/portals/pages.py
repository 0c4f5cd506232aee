"""A browser without a screen: fetches pages, checks each as HTML, and sends the forms it finds on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.test import TestResponse

OWN_SITE = {"Sec-Fetch-Site": "same-origin"}
RUNNING_TEXT = {"a", "strong", "time"}
UNLABELLED = {"hidden", "submit", "button"}


class Page:
    """One HTML page that passed every check."""

    def __init__(self, visitor: Visitor, response: TestResponse) -> None:
        self._visitor = visitor
        self.response = response
        self.status = response.status_code
        self.source = response.get_data(as_text=True)
        self.tree: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(self.source)
        self.text = " ".join("".join(_visible(self.tree.find("body"))).split())
        check(self)

    def all(self, tag: str) -> list[Element]:
        return list(self.tree.iter(tag))

    def source_text(self) -> str:
        """Return all text and attribute values of the page, decoded: what a person can come to see."""
        parts = ((element.text or "", element.tail or "", *element.attrib.values()) for element in self.tree.iter())
        return " ".join(part for some in parts for part in some)

    def heading(self) -> str:
        return " ".join("".join(self.all("h1")[0].itertext()).split())

    def rows(self) -> list[str]:
        """Return the text of each row of the tables' bodies."""
        return [" ".join("".join(_visible(row)).split()) for body in self.all("tbody") for row in body.iter("tr")]

    def links(self) -> list[str]:
        return [link.get("href", "") for link in self.all("a")]

    def form(self, action: str, names: Iterable[str] = ()) -> Element:
        """Return the first form whose action ends with `action` and that has the fields `names`."""
        for form in self.all("form"):
            outside = [field for field in self.all("button") if field.get("form") == form.get("id", "-")]
            fields = {field.get("name") for field in [*form.iter(), *outside]}
            if form.get("action", "").partition("?")[0].endswith(action) and fields.issuperset(names):
                return form
        raise AssertionError(f"no such form for {action}: {[form.get('action') for form in self.all('form')]}")

    def submit(self, action: str, **typed: Any) -> Page:
        """Send a form as a browser would: its own values, with those `typed` over them (`None` leaves one out)."""
        form = self.form(action, typed)
        values = {**_values(form), **typed}
        sent = {name: value for name, value in values.items() if value is not None}
        target = form.get("action", "")
        if form.get("method") == "post":
            return self._visitor.post(target, sent, sender=self.response.request.url)
        return self._visitor.get(target, query=sent)

    def confirm(self) -> Page:
        """Answer yes to the question that this page asks."""
        (form,) = [form for form in self.all("form") if any(each.get("name") == "confirmed" for each in form.iter())]
        return self._visitor.post(form.get("action", ""), {**_values(form), "confirmed": "yes"})


class Visitor:
    """A person with a browser at one portal."""

    def __init__(self, app: Flask, base: str = "") -> None:
        self.app = app
        self.client = app.test_client()
        self._base = base

    def get(self, path: str, *, query: Any = None, follow: bool = True, headers: dict[str, str] | None = None) -> Page:
        response = self.client.get(path, query_string=query, follow_redirects=follow, headers=headers)
        return Page(self, response)

    def post(self, path: str, values: Any, *, follow: bool = True, sender: str = "") -> Page:
        """Send a form; `sender` is the address of the page that it is on."""
        headers = {**OWN_SITE, "Referer": sender} if sender else OWN_SITE
        response = self.client.post(path, data=_as_sent(values), headers=headers)
        if follow and response.status_code in (302, 303):
            return self.get(response.headers["Location"])
        return Page(self, response)

    def send(self, path: str, values: Any, **headers: str) -> TestResponse:
        """Post without following and without any check: for answers that are no page."""
        return self.client.post(path, data=values, headers={**OWN_SITE, **headers})

    def sign_in(self, email: str, password: str = "tradepost-demo") -> Page:
        page = self.get(f"{self._base}/sign-in")
        return page.submit("/sign-in", email=email, password=password)

    def arrive_signed_in(self, email: str) -> None:
        """Sign in without looking at the pages on the way, for tests of what comes after."""
        form = self.client.get(f"{self._base}/sign-in").text
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        values = {"csrf_token": token, "email": email, "password": "tradepost-demo"}
        assert self.send(f"{self._base}/sign-in", values).status_code == 302

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


def check(page: Page) -> None:
    """Assert what is true of every page of ours."""
    assert page.response.content_type == "text/html; charset=utf-8"
    policy = page.response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert len(page.all("h1")) == 1
    assert "".join(page.all("title")[0].itertext()).strip(" ·")
    ids = Counter(element.get("id") for element in page.tree.iter() if element.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    _check_references(page, set(ids))
    _check_inline_code(page, policy)
    _check_faults(page)
    (description,) = [each for each in page.all("meta") if each.get("name") == "description"]
    assert len(description.get("content", "")) > 30
    for form in page.all("form"):
        assert form.get("action")
        assert form.get("method") in ("get", "post")
        assert (form.get("method") == "post") == any(field.get("name") == "csrf_token" for field in form.iter("input"))


def _check_references(page: Page, ids: set[Any]) -> None:
    """Labels and descriptions point at something, and every field has a name for screen readers."""
    labelled = {label.get("for") for label in page.all("label")}
    for element in page.tree.iter():
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form"):
            for target in (element.get(name) or "").split():
                assert target in ids, f"{name} points at {target}, which is not on the page"
        if element.tag in ("input", "select", "textarea") and element.get("type") not in UNLABELLED:
            assert element.get("aria-label") or element.get("id") in labelled, f"{element.attrib} has no label"


def _check_faults(page: Page) -> None:
    """A page with faults says so in its title and lists them first, each with a link to its field."""
    title = "".join(page.all("title")[0].itertext())
    wrong = {field.get("id"): field for field in page.tree.iter() if field.get("aria-invalid") == "true"}
    summaries = [element for element in page.tree.iter() if element.get("id") == "error-summary"]
    assert title.startswith("Error: ") == bool(summaries), title
    if page.status == 422 and title.endswith("Tradepost Admin"):
        assert summaries, "a form with faults has no summary"
    for summary in summaries:
        assert summary.get("role") == "alert"
        assert "autofocus" in summary.attrib
        assert list(summary.iter("li"))
        for link in summary.iter("a"):
            field = wrong.pop(link.get("href", "").removeprefix("#"), None)
            assert field is not None, f"{link.get('href')} leads to no field with a fault"
            assert f"{field.get('id')}-error" in field.get("aria-describedby", "").split()
        assert not wrong, "a fault at a field is not in the summary"


def _check_inline_code(page: Page, policy: str) -> None:
    for element in page.tree.iter():
        assert "style" not in element.attrib
        assert not [name for name in element.attrib if name.startswith("on")]
        assert not element.get("href", "").lower().startswith("javascript:")
        assert element.tag != "style"
    for script in page.all("script"):
        assert f"'nonce-{script.get('nonce')}'" in policy
        assert script.get("src", "").startswith("/")
        assert not (script.text or "").strip()


def _as_sent(values: Any) -> Any:
    """Return the values of a form as every browser sends them: with CR LF between the lines of a text."""
    if not isinstance(values, dict):
        return values
    return {name: value.replace("\n", "\r\n") if isinstance(value, str) else value for name, value in values.items()}


def _values(form: Element) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in form.iter():
        name, kind = field.get("name"), field.get("type")
        if not name or field.tag not in ("input", "select", "textarea") or kind == "file":
            continue
        if kind == "checkbox" and "checked" not in field.attrib:
            continue
        if field.tag == "select":
            chosen = [option for option in field.iter("option") if "selected" in option.attrib] or list(
                field.iter("option")
            )
            values[name] = chosen[0].get("value", chosen[0].text or "")
        elif field.tag == "textarea":
            values[name] = field.text or ""
        elif name not in values:
            values[name] = field.get("value", "")
    return values


def _visible(element: Element | None) -> list[str]:
    if element is None or element.tag == "script":
        return []
    inside = [element.text or "", *(part for child in element for part in [*_visible(child), child.tail or ""])]
    return inside if element.tag in RUNNING_TEXT else [" ", *inside, " "]
