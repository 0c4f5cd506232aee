"""What search engines are told: where they may look, and what a page is."""

from __future__ import annotations

from flask import Flask

from tests.portals.pages import Page, Visitor


def description_of(page: Page) -> str:
    return next(each.get("content", "") for each in page.all("meta") if each.get("name") == "description")


def test_robots_may_read_all_but_invitations_and_store_nothing(customer_app: Flask, admin_app: Flask):
    for app, path, closed in (
        (customer_app, "/robots.txt", "/invitations/"),
        (admin_app, "/robots.txt", "/admin/invitations/"),
        (admin_app, "/admin/robots.txt", "/admin/invitations/"),
    ):
        answer = app.test_client().get(path)

        assert (answer.status_code, answer.text) == (200, f"User-agent: *\nDisallow: {closed}\n")
        assert answer.content_type == "text/plain; charset=utf-8"
        assert "Set-Cookie" not in answer.headers


def test_every_page_has_a_description_of_its_own(visitor: Visitor, staff: Visitor):
    pages = [visitor.get("/sign-in"), *(staff.get(f"/admin{path}") for path in ("/", "/orders", "/companies"))]

    assert len({description_of(page) for page in pages}) == len(pages)
    assert description_of(pages[0]).startswith("Sign in to your company")
    assert description_of(pages[2]).startswith("Orders: ")
